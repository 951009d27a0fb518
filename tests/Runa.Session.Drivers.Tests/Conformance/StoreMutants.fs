/// Drivers that cannot do with a store that is full, or loses what it holds.
module Runa.Session.Tests.StoreMutants

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.DocumentDriver
open Runa.Session.Tests.Spoilt

let private fullStore = "promise 9, 17: a full store takes nothing new, still reads, and deletes"

let private fullOwners =
    "promise 9, 27: an owner's sessions, and everybody's, end on a full store, or it is said what is left"

let private rebuilt =
    "promise 27: an owner's index that the store lost is rebuilt by touches, writes and sign-ins"

let private needsRoom (store: DocumentStore) (call: unit -> ValueTask<'T>) : ValueTask<'T> =
    if store.IsFull then
        ValueTask<'T>(Task.FromException<'T>(StoreFull()))
    else
        call ()

let private withDelete
    (delete: StoreKey -> (unit -> ValueTask<SessionRecord voption>) -> ValueTask<SessionRecord voption>)
    (driver: SessionDriver)
    =
    { driver with Delete = fun key token -> delete key (fun () -> driver.Delete key token) }

/// What the index had of a key before the call, it has after it.
let private leavesIndex (store: DocumentStore) (key: StoreKey) (call: unit -> ValueTask<'T>) : ValueTask<'T> =
    let isIndexed () = lock store (fun () -> store.Index.Values |> Seq.exists (fun keys -> keys.ContainsValue key))

    valueTask (fun () ->
        task {
            let was = isIndexed ()
            let! answer = call ()

            if not was then
                lock store (fun () ->
                    for keys in store.Index.Values do
                        keys.Remove(StoreKey.toText key) |> ignore)

            return answer
        })

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

let private full: StoreMutant list =
    [ "deleting needs room",
      fullStore,
      fun store _ driver -> driver |> withDelete (fun _ delete -> needsRoom store delete)

      "deleting many needs room",
      fullStore,
      fun store _ driver ->
          { driver with
              DeleteMany = fun keys token -> needsRoom store (fun () -> driver.DeleteMany keys token) }

      "what was written is called refused",
      fullStore,
      fun store _ driver ->
          { driver with
              Create =
                  fun key record token ->
                      valueTask (fun () ->
                          task {
                              let isFull = store.IsFull
                              store.IsFull <- false
                              let! isCreated = driver.Create key record token
                              store.IsFull <- isFull

                              if isFull then
                                  raise (StoreFull())

                              return isCreated
                          }) }

      "ending everybody's needs room",
      "promise 9, 27: DeleteAll ends all of a scope on a full store, also where it then says what failed",
      fun store _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  DeleteAll = fun scope token -> needsRoom store (fun () -> index.DeleteAll scope token) })

      "a sign-out needs room",
      "promise 9: a sign-out ends the session on a full store",
      fun store _ driver -> driver |> withDelete (fun _ delete -> needsRoom store delete)

      "what a full store does not take is answered as stored",
      "promise 14, 25: a full store fails what must be written, and the session goes on as it was",
      fun store _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      if store.IsFull then
                          ValueTask<_> ReplaceResult.Replaced
                      else
                          driver.Replace key version record token }

      "listing an owner needs room",
      fullOwners,
      fun store _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List = fun scope owner from token -> needsRoom store (fun () -> index.List scope owner from token) }) ]

let private losses: StoreMutant list =
    [ "a write puts back what the store lost",
      "promise 9: a record that the store lost is gone: nothing writes it again, and its key is free",
      fun _ _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Replace key version record token with
                              | ReplaceResult.Missing ->
                                  let! _ = driver.Create key record token
                                  return ReplaceResult.Missing
                              | result -> return result
                          }) }

      "where one of an owner's records was lost, the page is empty",
      "promise 27: where the store lost some of an owner's records, the others are listed and ended",
      fun store _ driver ->
          driver
          |> withList (fun page ->
              let stands = lock store (fun () -> store.Rows.Count)
              let indexed = lock store (fun () -> store.Index.Values |> Seq.sumBy _.Count)
              if indexed > stands then { page with Items = [] } else page)

      "what the store lost fails the load",
      "promise 10: a session that the store lost is an expired one, and the next write starts another",
      fun _ _ driver ->
          { driver with
              Load =
                  fun key token ->
                      valueTask (fun () ->
                          task {
                              match! driver.Load key token with
                              | ValueNone -> return invalidOp "Nothing is there."
                              | found -> return found
                          }) }

      "a touch does not index",
      rebuilt,
      fun store _ driver ->
          { driver with
              Touch =
                  fun key idleExpiresAt token -> leavesIndex store key (fun () -> driver.Touch key idleExpiresAt token) }

      "a write does not index",
      rebuilt,
      fun store _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      leavesIndex store key (fun () -> driver.Replace key version record token) }

      "a touch does not index, and a revocation misses it",
      "promise 9, 27: sessions that were asked for since their owner's index was lost are ended with it",
      fun store _ driver ->
          { driver with
              Touch =
                  fun key idleExpiresAt token -> leavesIndex store key (fun () -> driver.Touch key idleExpiresAt token) }

      "everybody's are found by the index",
      "promise 27: everybody's sessions end though an owner's index was lost",
      fun store _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  DeleteAll =
                      fun _ token ->
                          valueTask (fun () ->
                              task {
                                  let keys =
                                      lock store (fun () ->
                                          [ for keys in store.Index.Values do
                                                yield! keys.Values ])
                                  let! deleted = driver.DeleteMany keys token
                                  return deleted.Length
                              }) }) ]

let mutants: StoreMutant list = full @ losses
