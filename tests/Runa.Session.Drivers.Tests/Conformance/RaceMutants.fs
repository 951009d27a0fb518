/// Wrong deletes, races, ends and values.
module Runa.Session.Tests.RaceMutants

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

let private reserialised (json: string) : string =
    use document = JsonDocument.Parse json

    match document.RootElement.ValueKind with
    | JsonValueKind.Number -> document.RootElement.GetDouble().ToString "R"
    | _ -> json

let mutants: Mutant list =
    [ "Delete answers nothing",
      "delete answers what stood last",
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

      "Delete answers what it read before",
      "promise 9: a delete answers the last write that won",
      fun _ driver ->
          { driver with
              Delete =
                  fun key token ->
                      ValueTask<SessionRecord voption>(
                          task {
                              let! read = load driver key
                              do! Task.Delay 1
                              let! _ = driver.Delete key token
                              return read
                          }
                      ) }

      "Create is a look and a write",
      "promise 3: of those that create one key at once exactly one does, and its record stands",
      fun _ driver ->
          { driver with
              Create =
                  fun key record token ->
                      ValueTask<bool>(
                          task {
                              match! load driver key with
                              | ValueSome _ -> return false
                              | ValueNone ->
                                  do! Task.Delay 1
                                  let! isCreated = driver.Create key record token

                                  if not isCreated then
                                      let! _ = overwrite driver key record
                                      ()

                                  return true
                          }
                      ) }

      "Replace is a look and a write",
      "promise 12: of writers at one version exactly one wins, and the others are told what it wrote",
      fun _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      ValueTask<ReplaceResult>(
                          task {
                              match! load driver key with
                              | ValueSome found when found.Version = version ->
                                  do! Task.Delay 1
                                  return! overwrite driver key record
                              | _ -> return! driver.Replace key version record token
                          }
                      ) }

      "an expired record can be replaced",
      "promise 7: a record ends at its absolute end, to the tick",
      fun clock driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      ValueTask<ReplaceResult>(
                          task {
                              match! load driver key with
                              | ValueSome found when
                                  found.Version = version && SessionRecord.isExpired (clock.GetUtcNow()) found
                                  ->
                                  let! _ = driver.Delete key token
                                  let! _ = driver.Create key record token
                                  return ReplaceResult.Replaced
                              | _ -> return! driver.Replace key version record token
                          }
                      ) }

      "a purge deletes by the idle end of the last write",
      "promise 11, 28: a purge deletes all that ended longer than 5 minutes ago, counts it, and leaves what lives or may live by another clock",
      fun clock driver ->
          let written = ConcurrentDictionary<StoreKey, SessionRecord>()

          { driver with
              Create =
                  fun key record token ->
                      written[key] <- record
                      driver.Create key record token
              PurgeExpired =
                  fun token ->
                      ValueTask<int>(
                          task {
                              let mutable count = 0

                              for KeyValue(key, record) in written do
                                  if SessionRecord.isExpired (clock.GetUtcNow()) record then
                                      let! removed = driver.Delete key token
                                      count <- count + (if removed.IsSome then 1 else 0)

                              return count
                          }
                      ) }

      "values are serialised anew, and lose digits",
      "promise 17: JSON is read letter by letter, white space, digits and escapes included",
      fun _ driver ->
          driver
          |> withRecord (fun record ->
              { record with
                  State =
                      { record.State with Values = record.State.Values |> Map.map (fun _ json -> reserialised json) } })

      "times are kept in milliseconds",
      "promise 17: times are read to the tick",
      fun _ driver ->
          let rounded (at: DateTimeOffset) = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds())

          driver
          |> withRecord (fun record ->
              { record with State = { record.State with CreatedAt = rounded record.State.CreatedAt } })

      "a call that is cancelled is half done",
      "promise 15: a call that is cancelled before it begins is done whole or not at all",
      fun _ driver ->
          { driver with
              Replace =
                  fun key version record token ->
                      ValueTask<ReplaceResult>(
                          task {
                              let! result = driver.Replace key version record none

                              if token.IsCancellationRequested then
                                  let half = { record with State = { record.State with Values = Map.empty } }
                                  let! _ = overwrite driver key half
                                  token.ThrowIfCancellationRequested()

                              return result
                          }
                      ) }

      "the last write wins",
      "promise 3, 4, 7, 9, 12, 16, 27: 300 interleavings of several browsers' requests go as the model says",
      fun _ driver -> { driver with Replace = fun key _ record _ -> overwrite driver key record }

      "the last write wins, in silence",
      "promise 12: 100 increments at once through one registry add up",
      fun _ driver ->
          { driver with
              Replace =
                  fun key _ record _ ->
                      ValueTask<ReplaceResult>(
                          task {
                              do! Task.Yield()
                              return! overwrite driver key record
                          }
                      ) } ]
