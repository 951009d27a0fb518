/// Drivers that cannot do with what cannot be read, or with what lands late.
module Runa.Session.Tests.DamageMutants

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

let private unreadable =
    "promise 17: a record that cannot be read is told as such, is not overwritten by Create, and can be deleted"

let private unreadableMany =
    "promise 17: DeleteMany removes records that cannot be read with the others, and says which"

let private unreadableOwned =
    "promise 27: an owner's records that cannot be read are listed as such, beside the others, and end with all"

let private withList (change: OwnedPage -> OwnedPage) =
    withOwners (fun index ->
        { index with
            List =
                fun scope owner from token ->
                    valueTask (fun () ->
                        task {
                            let! page = index.List scope owner from token
                            return change page
                        }) })

let private raisesOtherwise (driver: SessionDriver) =
    { driver with
        Load =
            fun key token ->
                valueTask (fun () ->
                    task {
                        try
                            return! driver.Load key token
                        with :? InvalidDataException as e ->
                            return raise (FormatException("What was read is no record.", e))
                    }) }

let private damaged: StoreMutant list =
    [ "what cannot be read is nothing",
      unreadable,
      fun _ _ driver ->
          { driver with
              Load =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              try
                                  return! driver.Load key token
                              with :? InvalidDataException ->
                                  return ValueNone
                          }) }

      "Create overwrites what cannot be read",
      unreadable,
      fun _ _ driver ->
          { driver with
              Create =
                  fun key record token ->
                      valueTask (fun () ->
                          task {
                              try
                                  let! _ = driver.Load key token
                                  ()
                              with :? InvalidDataException ->
                                  let! _ = driver.DeleteMany [ key ] token
                                  ()

                              return! driver.Create key record token
                          }) }

      "Delete leaves what it cannot read",
      unreadable,
      fun _ _ driver ->
          { driver with
              Delete =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              let! _ = driver.Load key token
                              return! driver.Delete key token
                          }) }

      "DeleteMany leaves what it cannot read",
      unreadableMany,
      fun _ _ driver ->
          { driver with
              DeleteMany =
                  fun keys token ->
                      valueTask (fun () ->
                          task {
                              let readable = ResizeArray<StoreKey>()

                              for key in keys do
                                  try
                                      let! _ = driver.Load key token
                                      readable.Add key
                                  with :? InvalidDataException ->
                                      ()

                              return! driver.DeleteMany (List.ofSeq readable) token
                          }) }

      "DeleteMany raises at what it cannot read",
      unreadableMany,
      fun _ _ driver ->
          { driver with
              DeleteMany =
                  fun keys token ->
                      valueTask (fun () ->
                          task {
                              for key in keys do
                                  let! _ = driver.Load key token
                                  ()

                              return! driver.DeleteMany keys token
                          }) }

      "what cannot be read is not listed",
      unreadableOwned,
      fun _ _ driver -> driver |> withList (fun page -> { page with Unreadable = [] })

      "a listing fails at what it cannot read",
      unreadableOwned,
      fun _ _ driver ->
          driver
          |> withList (fun page ->
              if page.Unreadable.IsEmpty then
                  page
              else
                  raise (InvalidDataException "This is no session record."))

      "ending everybody's leaves what cannot be read",
      unreadableOwned,
      fun store _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  DeleteAll =
                      fun _ token ->
                          valueTask (fun () ->
                              task {
                                  let keys = lock store (fun () -> List.ofSeq store.Rows.Keys)
                                  let mutable count = 0

                                  for key in keys do
                                      try
                                          let! _ = driver.Load key token
                                          let! _ = driver.Delete key token
                                          count <- count + 1
                                      with :? InvalidDataException ->
                                          ()

                                  return count
                              }) })

      "what cannot be read raises as it likes",
      "promise 17: a session that cannot be read does not break its browser: it reads as ended, and the next write starts another",
      fun _ _ driver -> raisesOtherwise driver

      "a sign-out leaves what cannot be read",
      "promise 9, 17: a sign-out under a session that cannot be read succeeds, and leaves nothing of it",
      fun _ _ driver ->
          { driver with
              Delete =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              let! _ = driver.Load key token
                              return! driver.Delete key token
                          }) }

      "one that cannot be read fails the list",
      "promise 27: one record that cannot be read keeps no other session of its owner from being listed and ended",
      fun _ _ driver ->
          driver
          |> withList (fun page ->
              if page.Unreadable.IsEmpty then
                  page
              else
                  raise (InvalidDataException "This is no session record.")) ]

let private late: StoreMutant list =
    [ "a write does not look at the version",
      "promise 4: a tombstone that lands late loses no session: the old one stands, or the new one does",
      fun _ _ driver -> { driver with Replace = fun key _ record _ -> overwrite driver key record }

      "deleting answers nothing, so nobody learns where a tombstone led",
      "promise 4, 9: after a tombstone that lands late, a logout with the old cookie still ends the session",
      fun _ _ driver ->
          { driver with
              Load =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Load key token with
                              | ValueSome record when SessionRecord.isTombstone record -> return ValueNone
                              | found -> return found
                          })
              Delete =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              let! _ = driver.Delete key token
                              return ValueNone
                          }) } ]

let mutants: StoreMutant list = damaged @ late
