/// Wrong versions and touches.
module Runa.Session.Tests.WriteMutants

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

open Runa.Session.Tests.Spoilt

let mutants: Mutant list =
    [ "A ping fails beside another one",
      "a store that answers is pinged, by many at once, and nothing in it changes",
      fun _ driver ->
          let turn = new System.Threading.SemaphoreSlim 1

          driver
          |> SessionDriver.withPing (fun _ ->
              ValueTask(
                  task {
                      if not (turn.Wait 0) then
                          invalidOp "The connection is in use."

                      do! Task.Delay 20
                      turn.Release() |> ignore
                  }
                  :> Task
              ))

      "the client's agent is lost",
      "promise 13, 17: what a step stores is what the next request reads, with the same types",
      fun _ driver ->
          driver
          |> withRecord (fun record ->
              let withoutAgent (client: SessionClient) = { client with Agent = None }
              { record with
                  State = { record.State with Client = record.State.Client |> Option.map withoutAgent } })

      "Replace ignores the version",
      "promise 12: replace at another version is refused with what stands, and changes nothing",
      fun _ driver -> { driver with Replace = fun key _ record _ -> overwrite driver key record }

      "Replace compares 53 bits of the version",
      "promise 12: versions are compared in all their 64 bits",
      fun _ driver ->
          { driver with
              Replace =
                  fun key (RecordVersion.RecordVersion version) record token ->
                      ValueTask<ReplaceResult>(
                          task {
                              match! load driver key with
                              | ValueSome { Version = RecordVersion.RecordVersion stands } when
                                  float stands = float version
                                  ->
                                  return! overwrite driver key record
                              | _ -> return! driver.Replace key (RecordVersion.RecordVersion version) record token
                          }
                      ) }

      "Replace creates what was deleted",
      "promise 9: after a delete nothing is replaced or touched, and the record stays gone",
      fun _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      ValueTask<ReplaceResult>(
                          task {
                              match! driver.Replace key version record token with
                              | ReplaceResult.Missing ->
                                  let! _ = driver.Create key record token
                                  return ReplaceResult.Replaced
                              | result -> return result
                          }
                      ) }

      "Touch creates what was deleted",
      "promise 9: after a delete nothing is replaced or touched, and the record stays gone",
      fun _ driver ->
          let seen = ConcurrentDictionary<StoreKey, SessionRecord>()

          { driver with
              Create =
                  fun key record token ->
                      seen[key] <- record
                      driver.Create key record token
              Touch =
                  fun key idleExpiresAt token ->
                      ValueTask<bool>(
                          task {
                              match! driver.Touch key idleExpiresAt token with
                              | true -> return true
                              | false -> return! driver.Create key seen[key] token
                          }
                      ) }

      "Touch moves the idle end back",
      "promise 7: a touch never moves the idle end back",
      fun _ driver ->
          driver
          |> withTouch (fun idleExpiresAt record -> { record with IdleExpiresAt = ValueSome idleExpiresAt })

      "Touch moves the idle end past the absolute end",
      "promise 7: a touch never moves the idle end past the absolute end",
      fun _ driver ->
          driver
          |> withTouch (fun idleExpiresAt record ->
              match record.IdleExpiresAt with
              | ValueSome before when idleExpiresAt > before ->
                  { record with
                      IdleExpiresAt = ValueSome idleExpiresAt
                      State =
                          { record.State with
                              LastSeenAt = (SessionRecord.touch idleExpiresAt record).State.LastSeenAt } }
              | _ -> SessionRecord.touch idleExpiresAt record)

      "Touch changes the version",
      "promise 12: a touch does not change the version",
      fun _ driver ->
          driver
          |> withTouch (fun idleExpiresAt record ->
              let (RecordVersion.RecordVersion version) = record.Version
              { SessionRecord.touch idleExpiresAt record with
                  Version = RecordVersion.RecordVersion(version + 1L) })

      "Touch leaves when it was last seen",
      "promise 7: a touch moves the idle end and when it was last seen, and nothing else",
      fun _ driver ->
          driver
          |> withTouch (fun idleExpiresAt record ->
              let touched = SessionRecord.touch idleExpiresAt record
              { touched with State = record.State })

      "Touch undoes a write that comes in between",
      "promise 12: touches undo no write, and writes no version",
      fun _ driver ->
          { driver with
              Touch =
                  fun key idleExpiresAt _ ->
                      ValueTask<bool>(
                          task {
                              match! load driver key with
                              | ValueNone -> return false
                              | ValueSome record ->
                                  do! Task.Delay 1
                                  let! result = overwrite driver key (SessionRecord.touch idleExpiresAt record)
                                  return result.IsReplaced
                          }
                      ) } ]
