/// The suite can fail: drivers that each break one promise are caught, and by the test that is there for it.
module Runa.Session.Tests.MutantTests

open System
open System.Collections.Concurrent
open System.Runtime.CompilerServices
open System.Text.Json
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// Spoils a driver. Calls with one clock are answered by one spoilt store.
let private over (spoil: TimeProvider -> SessionDriver -> SessionDriver) : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, objnull>()

    fun clock ->
        let driver = opened.GetValue(clock, (fun clock -> box (spoil clock (MemoryDriver.create clock))))
        Task.FromResult(unbox<SessionDriver> driver)

let private none = CancellationToken.None

let private load (driver: SessionDriver) key = (driver.Load key none).AsTask()

/// Replaces, whatever version stands.
let private overwrite (driver: SessionDriver) key record =
    let rec at (version: RecordVersion) : Task<ReplaceResult> =
        task {
            match! driver.Replace key version record none with
            | ReplaceResult.Conflict current -> return! at current.Version
            | result -> return result
        }

    ValueTask<ReplaceResult>(at (RecordVersion.RecordVersion 0L))

let private withRecord (change: SessionRecord -> SessionRecord) (driver: SessionDriver) =
    { driver with
        Create = fun key record token -> driver.Create key (change record) token
        Replace = fun key version record token -> driver.Replace key version (change record) token }

/// Touch as a write of its own: read, changed, written.
let private withTouch (touch: DateTimeOffset -> SessionRecord -> SessionRecord) (driver: SessionDriver) =
    { driver with
        Touch =
            fun key idleEnd token ->
                ValueTask<bool>(
                    task {
                        match! driver.Touch key DateTimeOffset.MinValue token with
                        | false -> return false
                        | true ->
                            match! load driver key with
                            | ValueNone -> return false
                            | ValueSome record ->
                                let! result = overwrite driver key (touch idleEnd record)
                                return result.IsReplaced
                    }
                ) }

let private reserialised (json: string) : string =
    use document = JsonDocument.Parse json

    match document.RootElement.ValueKind with
    | JsonValueKind.Number -> document.RootElement.GetDouble().ToString "R"
    | _ -> json

let private withOwners (change: OwnerIndex -> OwnerIndex) (driver: SessionDriver) =
    { driver with Owners = ValueOption.map change driver.Owners }

/// What a driver does wrong, and the test that must see it.
let private mutants: (string * string * (TimeProvider -> SessionDriver -> SessionDriver)) list =
    [ "Replace ignores the version",
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
                  fun key idleEnd token ->
                      ValueTask<bool>(
                          task {
                              match! driver.Touch key idleEnd token with
                              | true -> return true
                              | false -> return! driver.Create key seen[key] token
                          }
                      ) }

      "Touch moves the idle end back",
      "promise 7: a touch never moves the idle end back",
      fun _ driver -> driver |> withTouch (fun idleEnd record -> { record with IdleEnd = ValueSome idleEnd })

      "Touch moves the idle end past the absolute end",
      "promise 7: a touch never moves the idle end past the absolute end",
      fun _ driver ->
          driver
          |> withTouch (fun idleEnd record ->
              match record.IdleEnd with
              | ValueSome before when idleEnd > before ->
                  { record with
                      IdleEnd = ValueSome idleEnd
                      State = { record.State with LastSeenAt = (SessionRecord.touch idleEnd record).State.LastSeenAt } }
              | _ -> SessionRecord.touch idleEnd record)

      "Touch changes the version",
      "promise 12: a touch does not change the version",
      fun _ driver ->
          driver
          |> withTouch (fun idleEnd record ->
              let (RecordVersion.RecordVersion version) = record.Version
              { SessionRecord.touch idleEnd record with Version = RecordVersion.RecordVersion(version + 1L) })

      "Touch leaves when it was last seen",
      "promise 7: a touch moves the idle end and when it was last seen, and nothing else",
      fun _ driver ->
          driver
          |> withTouch (fun idleEnd record ->
              let touched = SessionRecord.touch idleEnd record
              { touched with State = record.State })

      "Touch undoes a write that comes in between",
      "promise 12: touches undo no write, and writes no version",
      fun _ driver ->
          { driver with
              Touch =
                  fun key idleEnd _ ->
                      ValueTask<bool>(
                          task {
                              match! load driver key with
                              | ValueNone -> return false
                              | ValueSome record ->
                                  do! Task.Yield()
                                  let! result = overwrite driver key (SessionRecord.touch idleEnd record)
                                  return result.IsReplaced
                          }
                      ) }

      "Delete answers nothing",
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

      "the index entry is written after the record",
      "promise 27: the index entry is there as soon as the record is",
      fun _ driver ->
          let late = ConcurrentDictionary<StoreKey, bool>()

          { driver with
              Create =
                  fun key record token ->
                      ValueTask<bool>(
                          task {
                              late[key] <- true
                              let! isCreated = driver.Create key record token
                              do! Task.Delay 5
                              late.TryRemove key |> ignore
                              return isCreated
                          }
                      ) }
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items = page.Items |> List.filter (fun item -> not (late.ContainsKey item.Key))
                                  return { page with Items = items }
                              }
                          ) })

      "the index entry is never written by Replace",
      "promise 27: a record is listed under the owner that it has now",
      fun _ driver ->
          let replaced = ConcurrentDictionary<StoreKey, bool>()

          { driver with
              Replace =
                  fun key version record token ->
                      replaced[key] <- true
                      driver.Replace key version record token }
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items =
                                      page.Items |> List.filter (fun item -> not (replaced.ContainsKey item.Key))
                                  return { page with Items = items }
                              }
                          ) })

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
      "promise 11: a purge deletes all that has expired, counts it, and leaves what lives",
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

      "a listing loses the 101st",
      "promise 27: many records come in pages of at most 100, each record once",
      fun _ driver ->
          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! page = index.List scope owner from token
                                  let items = if from.IsSome && page.Items <> [] then page.Items.Tail else page.Items
                                  return { page with Items = items }
                              }
                          ) })

      "pages are counted from the start",
      "promise 27: what stands all the while is listed once, whatever comes and goes",
      fun _ driver ->
          let rec all (index: OwnerIndex) scope owner from found token : Task<OwnedRecord list> =
              task {
                  let! page = index.List scope owner from token

                  match page.Next with
                  | Some _ as next -> return! all index scope owner next (found @ page.Items) token
                  | None -> return found @ page.Items
              }

          driver
          |> withOwners (fun index ->
              { index with
                  List =
                      fun scope owner from token ->
                          ValueTask<OwnedPage>(
                              task {
                                  let! items = all index scope owner None [] token
                                  let skipped = from |> Option.map int |> Option.defaultValue 0
                                  let rest = List.skip (min skipped items.Length) items

                                  return
                                      ({ Items = List.truncate 100 rest
                                         Next = if rest.Length > 100 then Some(string (skipped + 100)) else None }
                                      : OwnedPage)
                              }
                          ) })

      "owners are compared without their case",
      "promise 27: owners that are almost the same are different owners",
      fun _ driver ->
          driver
          |> withRecord (fun record ->
              { record with
                  State = { record.State with Owner = record.State.Owner |> Option.map _.ToLowerInvariant() } })

      "Advance changes the epoch of nobody",
      "promise 4, 27: a sign-in that is under way while its owner is revoked loses",
      fun _ driver -> driver |> withOwners (fun index -> { index with Advance = fun _ _ _ -> ValueTask() })

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

let rec private testsOf (names: string list) (test: Test) : (string list * Test) list =
    match test with
    | Test.TestLabel(name, inner, _) -> testsOf (names @ [ name ]) inner
    | Test.TestList(inner, _) -> inner |> List.collect (testsOf names)
    | Test.Sequenced(_, inner) -> testsOf names inner
    | Test.TestCase _ -> [ names, test ]

let private quiet =
    { Impl.ExpectoConfig.defaultConfig with
        printer = Impl.TestPrinters.silent
        verbosity = Logging.Fatal }

/// The tests of the suite that bear this name fail for the driver.
let private failures (spoil: TimeProvider -> SessionDriver -> SessionDriver) (name: string) =
    task {
        let under = { DriverUnderTest.create "mutant" (over spoil) with Interleavings = 300; Writers = 100 }

        let wanted =
            testsOf [] (Conformance.tests under)
            |> List.filter (fun (names, _) -> List.last names = name)
            |> List.map (fun (names, test) -> testList (String.concat " " names) [ test ])

        if wanted.IsEmpty then
            failtest $"the suite has no test of this name: {name}"

        let! results = Impl.evalTests quiet (testList "mutant" wanted) |> Async.StartAsTask
        return
            results
            |> List.filter (fun (_, summary) -> summary.result.isFailed || summary.result.isException)
            |> List.length
    }

[<Tests>]
let tests =
    testList
        "a wrong driver is caught"
        [ for wrong, name, spoil in mutants do
              testTask $"{wrong} – {name}" {
                  let! failed = failures spoil name
                  if failed = 0 then
                      failtest "it was not caught"
              }

          testTask "a driver with nothing wrong is not" {
              for _, name, _ in mutants do
                  let! failed = failures (fun _ driver -> driver) name
                  if failed > 0 then
                      failtest $"caught for nothing: {name}"
          } ]
