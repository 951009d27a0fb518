module Runa.Session.Tests.MemoryStoreTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Microsoft.Extensions.Logging.Abstractions
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests
open Runa.Session.TestSupport

let private key (n: int) = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 (byte n)))

let private recordOf (clock: TimeProvider) version owner (minutes: float) : SessionRecord =
    { Version = RecordVersion.RecordVersion version
      Scope = "tests/web"
      State = { SessionState.fresh (clock.GetUtcNow()) (TimeSpan.FromHours 1.) with Owner = owner }
      IdleExpiresAt = ValueSome(clock.GetUtcNow() + TimeSpan.FromMinutes minutes)
      Kind = RecordKind.Live }

let private store (clock: TimeProvider) = MemoryStore(clock, NullLogger.Instance, 1000, 1_000_000L)

/// What a driver can be asked, on few keys, versions and owners, so that they meet.
[<RequireQualifiedAccess>]
type Ask =
    | Load of key: int
    | Create of key: int * version: int64 * owner: string option
    | Replace of key: int * expected: int64 * version: int64 * owner: string option
    | Bury of key: int * expected: int64 * version: int64 * successor: int
    | Touch of key: int * minutes: int
    | Delete of key: int
    | DeleteMany of keys: int list
    | List of owner: string
    | Advance of owner: string
    | DeleteAll
    | Purge
    | Pass of minutes: int

let private asks: Gen<Ask list> =
    let key = Gen.choose (1, 3)
    let version = Gen.choose (1, 3) |> Gen.map int64
    let someone = Gen.elements [ "alice"; "bob" ]
    let owner = Gen.optionOf someone

    Gen.frequency
        [ 2, Gen.map Ask.Load key
          4, Gen.map3 (fun key version owner -> Ask.Create(key, version, owner)) key version owner
          4, Gen.map4 (fun key was version owner -> Ask.Replace(key, was, version, owner)) key version version owner
          2, Gen.map4 (fun key was version next -> Ask.Bury(key, was, version, next)) key version version key
          2, Gen.map2 (fun key minutes -> Ask.Touch(key, minutes)) key (Gen.choose (-5, 80))
          2, Gen.map Ask.Delete key
          1, Gen.map (List.distinct >> Ask.DeleteMany) (Gen.listOf key)
          2, Gen.map Ask.List someone
          1, Gen.map Ask.Advance someone
          1, Gen.constant Ask.DeleteAll
          1, Gen.constant Ask.Purge
          2, Gen.map Ask.Pass (Gen.choose (1, 20)) ]
    |> Gen.listOfLength 40

/// The answer as text that two drivers can be compared by.
let private answer (clock: FakeTimeProvider) (driver: SessionDriver) (ask: Ask) : string =
    let owners = driver.Owners.Value
    let record version owner = recordOf clock version owner 10.

    // Records print nothing of what is in them.
    let show (record: SessionRecord) =
        $"%A{record.Version} %A{record.State.Owner} %A{record.IdleExpiresAt} {record.Kind} %A{record.State.LastSeenAt}"

    let show (record: SessionRecord voption) = ValueOption.fold (fun _ record -> show record) "nothing" record

    let replace k was record =
        match (driver.Replace (key k) (RecordVersion.RecordVersion was) record CancellationToken.None).Result with
        | ReplaceResult.Conflict current -> "conflict " + show (ValueSome current)
        | result -> $"%A{result}"

    let changesEpochs owner (work: unit -> unit) =
        let epochs () =
            [ for name in [ "alice"; "bob" ] -> (owners.Epoch "tests/web" name CancellationToken.None).Result.Number ]

        let before = epochs ()
        work ()
        $"of {owner} %A{List.map2 (<>) before (epochs ())}"

    match ask with
    | Ask.Load k -> show (driver.Load (key k) CancellationToken.None).Result
    | Ask.Create(k, version, owner) ->
        string (driver.Create (key k) (record version owner) CancellationToken.None).Result
    | Ask.Replace(k, was, version, owner) -> replace k was (record version owner)
    | Ask.Bury(k, was, version, next) ->
        NewRecord.tombstone
            (clock.GetUtcNow())
            "tests/web"
            (RecordVersion.RecordVersion version)
            (Some "alice")
            (key next)
        |> replace k was
    | Ask.Touch(k, minutes) ->
        let idleExpiresAt = clock.GetUtcNow() + TimeSpan.FromMinutes(float minutes)
        string (driver.Touch (key k) idleExpiresAt CancellationToken.None).Result
    | Ask.Delete k -> show (driver.Delete (key k) CancellationToken.None).Result
    | Ask.DeleteMany keys ->
        (driver.DeleteMany (List.map key keys) CancellationToken.None).Result
        |> List.map (fun deleted -> StoreKey.toText deleted.Key, show deleted.Record)
        |> List.sort
        |> sprintf "%A"
    | Ask.List owner ->
        let page = (owners.List "tests/web" owner None CancellationToken.None).Result
        page.Items
        |> List.map (fun item -> StoreKey.toText item.Key, show (ValueSome item.Record))
        |> sprintf "%A"
    | Ask.Advance owner ->
        changesEpochs owner (fun () -> (owners.Advance "tests/web" owner CancellationToken.None).AsTask().Wait())
    | Ask.DeleteAll ->
        let mutable deleted = 0

        changesEpochs "alice" (fun () -> deleted <- (owners.DeleteAll "tests/web" CancellationToken.None).Result)
        + $" {deleted}"
    | Ask.Purge -> string (driver.PurgeExpired CancellationToken.None).Result
    | Ask.Pass _ -> ""

[<Tests>]
let tests =
    testList
        "MemoryStore"
        [ testCase "it answers every call as the model store does"
          <| fun () ->
              let agrees (asks: Ask list) =
                  let clock = clock ()
                  let real = memory clock
                  let model = ModelStore.create clock

                  asks
                  |> List.forall (fun ask ->
                      match ask with
                      | Ask.Pass minutes -> clock.Advance(TimeSpan.FromMinutes(float minutes))
                      | _ -> ()

                      answer clock real ask = answer clock model ask)

              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(300).WithQuietOnSuccess true,
                  Prop.forAll (Arb.fromGen asks) agrees
              )

          testCase "promise 9: a touch never creates, and answers that the session is gone"
          <| fun () ->
              let clock = clock ()
              let store = store clock
              store.Touch(key 1, clock.GetUtcNow().AddHours 1.) |> Expect.isFalse "nothing there"
              store.Count |> Expect.equal "still nothing" 0
              store.Create(key 1, recordOf clock 1L None 10.) |> Expect.isTrue "created"
              store.Delete(key 1) |> Expect.notEqual "deleted" ValueNone
              store.Touch(key 1, clock.GetUtcNow().AddHours 1.) |> Expect.isFalse "gone"
              store.Load(key 1) |> Expect.equal "still gone" ValueNone

          testCase "promise 7: an expired record is neither touched nor replaced"
          <| fun () ->
              let clock = clock ()
              let store = store clock
              let record = recordOf clock 1L None 10.
              store.Create(key 1, record) |> Expect.isTrue "created"
              clock.Advance(TimeSpan.FromMinutes 10.)
              store.Touch(key 1, clock.GetUtcNow().AddMinutes 10.) |> Expect.isFalse "touch"

              store.Replace(key 1, record.Version, recordOf clock 2L None 10.)
              |> Expect.equal "replace" ReplaceResult.Missing

          testCase "promise 26: count and bytes return to zero with the last record"
          <| fun () ->
              let clock = clock ()
              let store = store clock

              for n in 1..50 do
                  store.Create(key n, recordOf clock 1L (Some "alice") 10.) |> ignore

              for n in 1..50 do
                  let big = recordOf clock 2L (Some "bob") 10.
                  let values = Map [ "key", String('x', n) ]
                  store.Replace(
                      key n,
                      RecordVersion.RecordVersion 1L,
                      { big with State = { big.State with Values = values } }
                  )
                  |> ignore

              store.Count |> Expect.equal "full" 50
              clock.Advance(TimeSpan.FromHours 1.)
              store.PurgeExpired() |> Expect.equal "purged" 50
              (store.Count, store.Bytes) |> Expect.equal "empty" (0, 0L)
              store.Owners.Page("tests/web", "bob", ValueNone, 100)
              |> Expect.equal "not indexed" (struct ([||], false))

          testCase "promise 11, 28: the purge removes what ended 5 minutes ago and nothing else"
          <| fun () ->
              let clock = clock ()
              let store = store clock
              store.Create(key 1, recordOf clock 1L None 10.) |> ignore
              store.Create(key 2, recordOf clock 1L None 30.) |> ignore
              clock.Advance(TimeSpan.FromMinutes 14.9)
              store.PurgeExpired() |> Expect.equal "not yet" 0
              clock.Advance(TimeSpan.FromMinutes 0.1)
              store.PurgeExpired() |> Expect.equal "one" 1
              store.Load(key 1) |> Expect.equal "the expired one" ValueNone
              store.Load(key 2) |> Expect.notEqual "not the other" ValueNone

          testCase "promise 9: slow writers and touches race a delete on real threads, and nothing comes back"
          <| fun () ->
              let clock = clock ()
              let store = store clock

              for round in 1..300 do
                  let first = recordOf clock 0L None 10.
                  store.Create(key 1, first) |> ignore
                  use go = new ManualResetEventSlim()

                  let racing (work: unit -> unit) =
                      Thread(fun () ->
                          go.Wait()
                          work ())

                  let threads =
                      [ racing (fun () -> store.Replace(key 1, first.Version, recordOf clock 1L None 20.) |> ignore)
                        racing (fun () -> store.Touch(key 1, clock.GetUtcNow().AddMinutes 30.) |> ignore)
                        racing (fun () -> store.Delete(key 1) |> ignore) ]

                  threads |> List.iter _.Start()
                  go.Set()
                  threads |> List.iter _.Join()
                  store.Load(key 1) |> Expect.equal $"dead in round {round}" ValueNone

              (store.Count, store.Bytes) |> Expect.equal "nothing is left over" (0, 0L) ]
