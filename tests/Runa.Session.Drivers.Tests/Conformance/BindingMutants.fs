/// Wrong drivers under sessions that are bound to devices.
module Runa.Session.Tests.BindingMutants

open System.Threading.Tasks
open Runa.Session
open Runa.Session.Tests.Spoilt

let mutants: Mutant list =
    [ "Replace ignores the version, and a proof is good twice",
      "promise 29: of 10 proofs by one challenge exactly one is accepted, on the store's word",
      fun _ driver ->
          { driver with
              Replace =
                  fun key _ record _ ->
                      ValueTask<ReplaceResult>(
                          task {
                              do! Task.Delay 20
                              return! overwrite driver key record
                          }
                      ) }

      "Delete answers nothing, and the device stays",
      "promise 29: a sign-out forgets the device, and expires both cookies",
      fun _ driver ->
          { driver with
              Delete =
                  fun key token ->
                      ValueTask<SessionRecord voption>(
                          task {
                              let! _ = driver.Delete key token
                              return ValueNone
                          }
                      ) }

      "the binding of a session is not stored",
      "promise 29: a sign-in offers a binding, which is in force from the first request that shows its bound cookie",
      fun _ driver -> driver |> withRecord (fun record -> { record with State = { record.State with Device = None } }) ]
