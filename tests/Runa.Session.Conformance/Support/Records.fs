namespace Runa.Session.Conformance

open System
open System.IO
open System.Security.Cryptography
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session

/// Records to store, and how they are compared.
module internal Records =
    let newKey () : StoreKey = StoreKey.ofBytes (ReadOnlySpan(RandomNumberGenerator.GetBytes 16))

    let newVersion () : RecordVersion =
        RecordVersion.RecordVersion(Random.Shared.NextInt64(Int64.MinValue, Int64.MaxValue))

    /// Each test stores under scopes of its own.
    let newScope () : string = $"conformance-{Guid.NewGuid():N}/web"

    let newOwner () : string = $"owner-{Guid.NewGuid():N}"

    /// A session of an hour with one value.
    let live (scope: string) (now: DateTimeOffset) : SessionRecord =
        { Version = newVersion ()
          Scope = scope
          State =
            { Values = Map [ "visits", "1" ]
              Flashes = []
              Owner = None
              Claims = Map.empty
              Label = None
              Client = None
              Rotation = None
              Device = None
              CreatedAt = now
              SignedInAt = None
              LastSeenAt = now
              ExpiresAt = now + TimeSpan.FromHours 1. }
          IdleExpiresAt = ValueNone
          Kind = RecordKind.Live }

    let withState (change: SessionState -> SessionState) (record: SessionRecord) : SessionRecord =
        { record with State = change record.State }

    let withOwner (owner: string option) (record: SessionRecord) : SessionRecord =
        record |> withState (fun state -> { state with Owner = owner })

    let withValue (key: string) (json: string) (record: SessionRecord) : SessionRecord =
        record |> withState (fun state -> { state with Values = state.Values.Add(key, json) })

    let withIdle (until: DateTimeOffset) (record: SessionRecord) : SessionRecord =
        { record with IdleExpiresAt = ValueSome until }

    let until (ends: DateTimeOffset) (record: SessionRecord) : SessionRecord =
        record |> withState (fun state -> { state with ExpiresAt = ends })

    /// The same record as another write would leave it.
    let again (record: SessionRecord) : SessionRecord = { record with Version = newVersion () }

    let tombstone (successor: StoreKey) (record: SessionRecord) : SessionRecord =
        { record with
            Version = newVersion ()
            Kind = RecordKind.Moved successor
            IdleExpiresAt = ValueNone
            State =
                { record.State with
                    Values = Map.empty
                    Flashes = []
                    ExpiresAt = record.State.LastSeenAt + TimeSpan.FromMinutes 2. } }

    let private short (value: 'T) : string =
        let text = $"%A{value}"
        if text.Length > 200 then
            $"{text.Substring(0, 200)}… ({text.Length} characters)"
        else
            text

    let private firstDifference (expected: Map<string, 'V>) (actual: Map<string, 'V>) =
        Seq.append expected.Keys actual.Keys
        |> Seq.distinct
        |> Seq.tryPick (fun key ->
            match expected.TryFind key, actual.TryFind key with
            | one, other when one = other -> None
            | one, other -> Some $"at {short key}: expected {short one}, got {short other}")
        |> Option.defaultValue ""

    let private differences (expected: SessionRecord) (actual: SessionRecord) : string list =
        let differ name (field: SessionRecord -> 'F) =
            if field expected = field actual then
                None
            else
                Some $"{name}: expected {short (field expected)}, got {short (field actual)}"

        let time (at: DateTimeOffset) = at.UtcDateTime.ToString "O"

        let kind (record: SessionRecord) =
            match record.Kind with
            | RecordKind.Moved key -> $"Moved {StoreKey.toText key}"
            | kind -> $"{kind}"

        [ differ "Version" _.Version
          differ "Scope" _.Scope
          differ "Kind" kind
          differ "IdleExpiresAt" (fun record -> ValueOption.map time record.IdleExpiresAt)
          if expected.State.Values <> actual.State.Values then
              Some $"Values {firstDifference expected.State.Values actual.State.Values}"
          differ "Flashes" (fun record ->
              record.State.Flashes |> List.map (fun flash -> flash.Id, flash.Key, flash.Json))
          differ "Owner" _.State.Owner
          if expected.State.Claims <> actual.State.Claims then
              Some $"Claims {firstDifference expected.State.Claims actual.State.Claims}"
          differ "Label" _.State.Label
          differ "Client" (fun record -> record.State.Client |> Option.map (fun client -> client.Address, client.Agent))
          differ "CreatedAt" (fun record -> time record.State.CreatedAt)
          differ "SignedInAt" (fun record -> Option.map time record.State.SignedInAt)
          differ "LastSeenAt" (fun record -> time record.State.LastSeenAt)
          differ "ExpiresAt" (fun record -> time record.State.ExpiresAt) ]
        |> List.choose id

    /// Fails, with what differs.
    let shouldBe (what: string) (expected: SessionRecord) (actual: SessionRecord) : unit =
        if expected <> actual then
            let found = differences expected actual |> String.concat "; "
            failtest $"{what}: {found}"

    let shouldBeThere (what: string) (expected: SessionRecord) (actual: SessionRecord voption) : unit =
        match actual with
        | ValueSome actual -> shouldBe what expected actual
        | ValueNone -> failtest $"{what}: nothing is there"

    let shouldBeGone (what: string) (actual: SessionRecord voption) : unit =
        match actual with
        | ValueNone -> ()
        | ValueSome record -> failtest $"{what}: {record} is there, version {short record.Version}"

/// A driver's functions as tasks, without cancellation.
module internal Ask =
    let load (driver: SessionDriver) key : Task<SessionRecord voption> =
        (driver.Load key CancellationToken.None).AsTask()

    let create (driver: SessionDriver) key record : Task<bool> =
        (driver.Create key record CancellationToken.None).AsTask()

    let replace (driver: SessionDriver) key version record : Task<ReplaceResult> =
        (driver.Replace key version record CancellationToken.None).AsTask()

    let touch (driver: SessionDriver) key idleExpiresAt : Task<bool> =
        (driver.Touch key idleExpiresAt CancellationToken.None).AsTask()

    let delete (driver: SessionDriver) key : Task<SessionRecord voption> =
        (driver.Delete key CancellationToken.None).AsTask()

    let deleteMany (driver: SessionDriver) keys : Task<DeletedRecord list> =
        (driver.DeleteMany keys CancellationToken.None).AsTask()

    let purge (driver: SessionDriver) : Task<int> = (driver.PurgeExpired CancellationToken.None).AsTask()

    /// Creates under a fresh key, and fails where that is refused.
    let store (driver: SessionDriver) (record: SessionRecord) : Task<StoreKey> =
        task {
            let key = Records.newKey ()
            let! isCreated = create driver key record

            if not isCreated then
                failtest "Create says of a fresh key that it exists"

            return key
        }

    /// The record under a key cannot be read.
    let isUnreadable (what: string) (ask: unit -> Task<'T>) : Task<unit> =
        task {
            let! isRaised =
                task {
                    try
                        let! _ = ask ()
                        return false
                    with :? InvalidDataException ->
                        return true
                }

            if not isRaised then
                failtest $"{what}: it was read, and InvalidDataException was to be raised"
        }

    /// What was raised.
    let raised (ask: unit -> Task<'T>) : Task<exn option> =
        task {
            try
                let! _ = ask ()
                return None
            with e ->
                return Some e
        }

    let isReplaced (what: string) (result: ReplaceResult) : unit =
        match result with
        | ReplaceResult.Replaced -> ()
        | ReplaceResult.Conflict current -> failtest $"{what}: Conflict with version %A{current.Version}, not Replaced"
        | ReplaceResult.Missing -> failtest $"{what}: Missing, not Replaced"

    let isMissing (what: string) (result: ReplaceResult) : unit =
        match result with
        | ReplaceResult.Missing -> ()
        | ReplaceResult.Replaced -> failtest $"{what}: Replaced, not Missing"
        | ReplaceResult.Conflict _ -> failtest $"{what}: Conflict, not Missing"

    let isConflict (what: string) (expected: SessionRecord) (result: ReplaceResult) : unit =
        match result with
        | ReplaceResult.Conflict current -> Records.shouldBe $"{what}: the record of the conflict" expected current
        | ReplaceResult.Replaced -> failtest $"{what}: Replaced, not Conflict"
        | ReplaceResult.Missing -> failtest $"{what}: Missing, not Conflict"
