/// Documents in a dictionary: a store elsewhere, whose answers come after a while, and that can be filled, robbed and spoilt.
module Runa.Session.Tests.DocumentDriver

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Threading.Tasks
open Runa.Session
open Runa.Session.Conformance

/// What it refuses for want of room.
type StoreFull() =
    inherit Exception("The store is full.")

/// A document, and beside it what may be asked without reading it.
type Row = { Document: byte[]; Scope: string; Owner: string option; Ends: DateTimeOffset }

/// What one store holds, for all that open it. They take turns.
[<Sealed>]
type DocumentStore() =
    member val Rows = Dictionary<StoreKey, Row>()
    /// The keys of an owner, by their texts.
    member val Index = Dictionary<struct (string * string), SortedDictionary<string, StoreKey>>()
    /// Of an owner, or of all of a scope: the number, and when.
    member val Epochs = Dictionary<struct (string * string), struct (int64 * int64)>()
    member val LastEpoch = 0L with get, set
    member val IsFull = false with get, set

    member store.Dump: byte[] =
        lock store (fun () ->
            Array.concat
                [ for KeyValue(key, row) in store.Rows do
                      StoreKey.toBytes key
                      row.Document ])

let private everybody = "\u0000"

let private keysOf (store: DocumentStore) scope owner =
    match store.Index.TryGetValue(struct (scope, owner)) with
    | true, keys -> keys
    | _ ->
        let keys = SortedDictionary<string, StoreKey>(StringComparer.Ordinal)
        store.Index[struct (scope, owner)] <- keys
        keys

let private unindex (store: DocumentStore) (key: StoreKey) (row: Row) =
    row.Owner
    |> Option.iter (fun owner -> (keysOf store row.Scope owner).Remove(StoreKey.toText key) |> ignore)

let private put (store: DocumentStore) (key: StoreKey) (record: SessionRecord) =
    if store.IsFull then
        raise (StoreFull())

    match store.Rows.TryGetValue key with
    | true, before -> unindex store key before
    | _ -> ()

    record.State.Owner
    |> Option.iter (fun owner -> (keysOf store record.Scope owner)[StoreKey.toText key] <- key)

    store.Rows[key] <-
        { Document = RecordFormat.write record
          Scope = record.Scope
          Owner = record.State.Owner
          Ends = SessionRecord.endsAt record }

let private find (store: DocumentStore) (key: StoreKey) : Row voption =
    match store.Rows.TryGetValue key with
    | true, row -> ValueSome row
    | _ -> ValueNone

let private read (row: Row) : SessionRecord = RecordFormat.read (ReadOnlySpan row.Document)

let private tryRead (row: Row) : SessionRecord voption =
    try
        ValueSome(read row)
    with :? InvalidDataException ->
        ValueNone

let private take (store: DocumentStore) (key: StoreKey) : Row voption =
    let row = find store key

    row
    |> ValueOption.iter (fun row ->
        unindex store key row
        store.Rows.Remove key |> ignore)

    row

let private advance (store: DocumentStore) scope owner =
    store.LastEpoch <- store.LastEpoch + 1L
    store.Epochs[struct (scope, owner)] <- struct (store.LastEpoch, Stopwatch.GetTimestamp())

let private epoch (store: DocumentStore) scope owner : OwnerEpoch =
    let found owner =
        match store.Epochs.TryGetValue(struct (scope, owner)) with
        | true, epoch -> epoch
        | _ -> struct (0L, 0L)

    match max (found owner) (found everybody) with
    | struct (0L, _) -> { Number = 0L; Age = TimeSpan.MaxValue }
    | struct (number, at) -> { Number = number; Age = Stopwatch.GetElapsedTime at }

let private list (store: DocumentStore) scope owner (from: string option) : OwnedPage =
    let from = from |> Option.map PagePlace.text |> Option.toObj

    let found =
        [ for KeyValue(text, key) in keysOf store scope owner do
              if String.CompareOrdinal(text, from) > 0 then
                  struct (text, key) ]

    let page = List.truncate 100 found
    let rows =
        page |> List.map (fun struct (_, key) -> struct (key, find store key |> ValueOption.bind tryRead))

    { Items =
        [ for struct (key, record) in rows do
              match record with
              | ValueSome record when record.State.Owner = Some owner -> ({ Key = key; Record = record }: OwnedRecord)
              | _ -> () ]
      Unreadable =
        [ for struct (key, record) in rows do
              if record.IsNone && (find store key).IsSome then
                  key ]
      Next =
        if page.Length < found.Length then
            let struct (text, _) = List.last page
            Some text
        else
            None }

/// A node on the store.
let create (store: DocumentStore) (clock: TimeProvider) : SessionDriver =
    let sweep = SweepClock clock
    let isExpired record = SessionRecord.isExpired (clock.GetUtcNow()) record

    let later (call: unit -> 'T) =
        ValueTask<'T>(
            task {
                do! Task.Yield()
                return lock store call
            }
        )

    let replace key version record =
        match find store key |> ValueOption.map read with
        | ValueSome current when isExpired current -> ReplaceResult.Missing
        | ValueSome current when current.Version <> version -> ReplaceResult.Conflict current
        | ValueSome _ ->
            put store key record
            ReplaceResult.Replaced
        | ValueNone -> ReplaceResult.Missing

    let touch key idleExpiresAt =
        match find store key |> ValueOption.bind tryRead with
        | ValueSome current when not (isExpired current) ->
            put store key (SessionRecord.touch idleExpiresAt current)
            true
        | _ -> false

    let deleteMany keys : DeletedRecord list =
        [ for key in keys do
              match take store key with
              | ValueSome row -> ({ Key = key; Record = tryRead row }: DeletedRecord)
              | ValueNone -> () ]

    let rec deleteAll key =
        match take store key |> ValueOption.bind tryRead with
        | ValueSome { Kind = RecordKind.Moved successor } -> deleteAll successor
        | ValueSome record when not (isExpired record) -> 1
        | _ -> 0

    let keysWhere (wanted: Row -> bool) =
        [ for KeyValue(key, row) in store.Rows do
              if wanted row then
                  key ]

    SessionDriver.create
        "documents"
        (fun key _ -> later (fun () -> find store key |> ValueOption.map read))
        (fun key record _ ->
            later (fun () ->
                let isNew = (find store key).IsNone

                if isNew then
                    put store key record

                isNew))
        (fun key version record _ -> later (fun () -> replace key version record))
        (fun key idleExpiresAt _ -> later (fun () -> touch key idleExpiresAt))
        (fun key _ -> later (fun () -> take store key |> ValueOption.map read))
    |> SessionDriver.withDeleteMany (fun keys _ -> later (fun () -> deleteMany keys))
    |> SessionDriver.withRefusals (fun e -> e :? StoreFull)
    |> SessionDriver.withPurge (fun _ ->
        later (fun () ->
            let until = sweep.Now - SessionDriver.clockTolerance
            let keys = keysWhere (fun row -> row.Ends <= until)
            keys |> List.iter (fun key -> take store key |> ignore)
            keys.Length))
    |> SessionDriver.withCount (fun scope _ ->
        later (fun () ->
            let alive =
                [ for row in store.Rows.Values do
                      match tryRead row with
                      | ValueSome { Kind = RecordKind.Live } & ValueSome record when
                          row.Scope = scope && not (isExpired record)
                          ->
                          record
                      | _ -> () ]

            let signedIn = alive |> List.filter _.State.Owner.IsSome
            { Sessions = int64 alive.Length; SignedIn = int64 signedIn.Length }))
    |> SessionDriver.withOwners
        { List = fun scope owner from _ -> later (fun () -> list store scope owner from)
          Epoch = fun scope owner _ -> later (fun () -> epoch store scope owner)
          Advance = fun scope owner _ -> ValueTask((later (fun () -> advance store scope owner)).AsTask())
          DeleteAll =
            fun scope _ ->
                later (fun () ->
                    advance store scope everybody
                    keysWhere (fun row -> row.Scope = scope) |> List.sumBy deleteAll) }

/// The suite's hands on the stores of its clocks.
let hands
    (storeOf: TimeProvider -> DocumentStore)
    (openOn: DocumentStore -> TimeProvider -> SessionDriver)
    : StoreUnderTest =
    let change clock (work: DocumentStore -> unit) : Task<unit> =
        let store = storeOf clock
        Task.FromResult(lock store (fun () -> work store))

    { OpenBeside = Some(fun clock beside -> Task.FromResult(openOn (storeOf clock) beside))
      Fill = Some(fun clock isFull -> change clock (fun store -> store.IsFull <- isFull))
      DropRecord = Some(fun clock key -> change clock (fun store -> store.Rows.Remove key |> ignore))
      DropIndex =
        Some(fun clock scope owner -> change clock (fun store -> store.Index.Remove(struct (scope, owner)) |> ignore))
      Rewrite =
        Some(fun clock key damage ->
            change clock (fun store ->
                let row = store.Rows[key]
                store.Rows[key] <- { row with Document = damage row.Document })) }
