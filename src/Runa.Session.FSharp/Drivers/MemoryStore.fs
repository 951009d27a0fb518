namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Threading
open Microsoft.Extensions.Logging

/// Records in a dictionary, changed by compare-and-swap of references. The reference for every other driver.
[<Sealed>]
type internal MemoryStore(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    let entries = ConcurrentDictionary<StoreKey, MemoryEntry>()
    let owners = MemoryOwners clock
    let evicting = Lock()
    let mutable count = 0
    let mutable bytes = 0L

    let ownerOf (record: SessionRecord) = record.State.Owner

    let index key (record: SessionRecord) =
        ownerOf record |> Option.iter (fun owner -> owners.Add(record.Scope, owner, key))

    let unindex key (record: SessionRecord) =
        ownerOf record |> Option.iter (fun owner -> owners.Remove(record.Scope, owner, key))

    let remove (entry: MemoryEntry) (record: SessionRecord) =
        let isRemoved = entry.TryChange(record, null)

        if isRemoved then
            entries.TryRemove entry.Key |> ignore
            unindex entry.Key record
            Interlocked.Decrement &count |> ignore
            Interlocked.Add(&bytes, -(MemoryEntry.Size record)) |> ignore

        isRemoved

    /// Down by a twentieth, so that a full store is not sorted for every newcomer.
    let evict () =
        lock evicting (fun () ->
            if Volatile.Read &count > maxSessions || Volatile.Read &bytes > maxBytes then
                let now = clock.GetUtcNow()

                let removed =
                    entries.Values
                    |> MemoryEviction.choose now (maxSessions - maxSessions / 20) (maxBytes - maxBytes / 20L)
                    |> List.filter (fun struct (entry, record, _) -> remove entry record)

                let ofRank wanted = removed |> List.filter (fun struct (_, _, rank) -> wanted rank) |> List.length

                let owned = ofRank (fun rank -> rank = 3)
                Telemetry.evict false (ofRank (fun rank -> rank = 1 || rank = 2))
                Telemetry.evict true owned

                if owned > 0 then
                    Log.evictedOwned log owned maxSessions maxBytes)

    let isFull () = Volatile.Read &count > maxSessions || Volatile.Read &bytes > maxBytes

    let tryFind key : struct (MemoryEntry * SessionRecord) voption =
        match entries.TryGetValue key with
        | true, entry ->
            match entry.Record with
            | null -> ValueNone
            | record -> ValueSome struct (entry, record)
        | _ -> ValueNone

    member _.Count = Volatile.Read &count
    member _.Bytes = Volatile.Read &bytes
    member _.Owners = owners

    member _.Load(key: StoreKey) : SessionRecord voption =
        match tryFind key with
        | ValueSome(entry, record) ->
            entry.Use(clock.GetUtcNow())
            ValueSome record
        | ValueNone -> ValueNone

    member _.Create(key: StoreKey, record: SessionRecord) : bool =
        let entry = MemoryEntry(key, record, clock.GetUtcNow())
        // First the index, then the record: whoever deletes by owner in between finds the key.
        index key record
        let isCreated = entries.TryAdd(key, entry)

        if isCreated then
            Interlocked.Increment &count |> ignore
            Interlocked.Add(&bytes, MemoryEntry.Size record) |> ignore

            if isFull () then
                evict ()

        isCreated

    member store.Replace(key: StoreKey, expected: RecordVersion, record: SessionRecord) : ReplaceResult =
        match tryFind key with
        | ValueNone -> ReplaceResult.Missing
        | ValueSome(_, current) when SessionRecord.isExpired (clock.GetUtcNow()) current -> ReplaceResult.Missing
        | ValueSome(_, current) when current.Version <> expected -> ReplaceResult.Conflict current
        | ValueSome(entry, current) ->
            let changesOwner = ownerOf current <> ownerOf record

            if changesOwner then
                index key record

            if entry.TryChange(current, record) then
                if changesOwner then
                    unindex key current

                Interlocked.Add(&bytes, MemoryEntry.Size record - MemoryEntry.Size current) |> ignore

                if isFull () then
                    evict ()

                ReplaceResult.Replaced
            else
                store.Replace(key, expected, record)

    member store.Touch(key: StoreKey, idleEnd: DateTimeOffset) : bool =
        match tryFind key with
        | ValueNone -> false
        | ValueSome(_, current) when SessionRecord.isExpired (clock.GetUtcNow()) current -> false
        | ValueSome(entry, current) ->
            let touched = SessionRecord.touch idleEnd current
            entry.TryChange(current, touched) || store.Touch(key, idleEnd)

    member store.Delete(key: StoreKey) : SessionRecord voption =
        match tryFind key with
        | ValueNone -> ValueNone
        | ValueSome(entry, current) -> if remove entry current then ValueSome current else store.Delete key

    member _.PurgeExpired() : int =
        let now = clock.GetUtcNow()
        let mutable purged = 0

        for KeyValue(_, entry) in entries do
            match entry.Record with
            | null -> ()
            | record ->
                if SessionRecord.isExpired now record && remove entry record then
                    purged <- purged + 1

        owners.Trim()
        purged

    /// In the order of their keys' texts, those after `from`, at most `most`.
    member _.List(scope: string, owner: string, from: string option, most: int) : OwnedPage =
        let now = clock.GetUtcNow()

        let found =
            owners.Keys(scope, owner)
            |> List.map (fun key -> struct (StoreKey.toText key, key))
            |> List.sortWith (fun (struct (a, _)) (struct (b, _)) -> String.CompareOrdinal(a, b))
            |> List.filter (fun struct (text, _) ->
                match from with
                | Some from -> String.CompareOrdinal(text, from) > 0
                | None -> true)

        let page = List.truncate most found

        { Items =
            [ for struct (_, key) in page do
                  match tryFind key with
                  | ValueSome(_, record) when not (SessionRecord.isExpired now record) && ownerOf record = Some owner ->
                      ({ Key = key; Record = record }: OwnedRecord)
                  | _ -> () ]
          Unreadable = []
          Next =
            if found.Length > page.Length then
                List.tryLast page |> Option.map (fun struct (text, _) -> text)
            else
                None }

    member store.DeleteAll(scope: string) : int =
        owners.AdvanceAll scope
        let now = clock.GetUtcNow()
        let mutable deleted = 0

        let rec delete key =
            match store.Delete key with
            | ValueSome record ->
                match record.Kind with
                | RecordKind.Moved successor -> delete successor
                | RecordKind.Live
                | RecordKind.Sealed _ ->
                    if not (SessionRecord.isExpired now record) then
                        deleted <- deleted + 1
            | ValueNone -> ()

        for KeyValue(key, entry) in entries do
            match entry.Record with
            | null -> ()
            | record when record.Scope = scope -> delete key
            | _ -> ()

        deleted
