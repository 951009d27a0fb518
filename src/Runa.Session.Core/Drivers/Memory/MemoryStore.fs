namespace Runa.Session

open System
open Microsoft.Extensions.Logging

/// Stores records in a dictionary, and changes them by compare-and-swap of references. Other drivers are compared with
/// it.
[<Sealed>]
type internal MemoryStore(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    let entries = MemoryTable()
    let owners = MemoryOwners clock
    let eviction = MemoryEviction(maxSessions, maxBytes)
    let warnings = MemoryWarnings(clock, log, maxSessions, maxBytes)
    let sweep = SweepClock clock
    // The order of uses in milliseconds is enough for eviction, and costs a tenth of a precise timestamp.
    let isCoarse = Object.ReferenceEquals(clock, TimeProvider.System)
    let usedAt () = if isCoarse then Environment.TickCount64 else clock.GetTimestamp()

    let ownerOf (record: SessionRecord) = record.State.Owner

    let index key (record: SessionRecord) =
        ownerOf record |> Option.iter (fun owner -> owners.Add(record.Scope, owner, key))

    let unindex key (record: SessionRecord) =
        ownerOf record |> Option.iter (fun owner -> owners.Remove(record.Scope, owner, key))

    let remove (entry: MemoryEntry) (record: SessionRecord) =
        let isRemoved = entry.TryChange(record, null)

        if isRemoved then
            entries.Remove entry
            unindex entry.Key record
            eviction.Settle entry |> ignore

        isRemoved

    let report (now: DateTimeOffset) (record: SessionRecord) =
        if not (SessionRecord.isExpired now record) then
            let isOwned = (ownerOf record).IsSome
            Telemetry.evict isOwned 1

            if not isOwned then
                if eviction.IsFullOfOwned then
                    warnings.Stranger()
            elif not (SessionRecord.isTombstone record) then
                warnings.Owned()

    let rec makeRoom (newcomer: MemoryEntry) =
        let now = sweep.Now

        match eviction.Take(newcomer, now) with
        | ValueNone -> ()
        | ValueSome struct (entry, record) ->
            if remove entry record then
                report now record
            else
                eviction.Settle entry |> ignore

            makeRoom newcomer

    let settle (entry: MemoryEntry) =
        if eviction.Settle entry then
            makeRoom entry

    let tryFind key : struct (MemoryEntry * SessionRecord) voption =
        match entries.TryFind key with
        | null -> ValueNone
        | entry ->
            match entry.Record with
            | null -> ValueNone
            | record -> ValueSome struct (entry, record)

    /// Removes the index entry of a record that was not stored, unless the key holds another record of the same owner.
    let unindexUnless key (record: SessionRecord) =
        match tryFind key with
        | ValueSome(_, standing) when standing.Scope = record.Scope && ownerOf standing = ownerOf record -> ()
        | _ ->
            unindex key record

            // A record may have been created in between. A superfluous index entry does no harm, a missing one does.
            match tryFind key with
            | ValueSome(_, standing) -> index key standing
            | ValueNone -> ()

    /// The number of records, tombstones included.
    member _.Count = eviction.Count

    member _.Bytes = eviction.Bytes
    member _.Owners = owners

    /// The stored record. This does not count as a use.
    member _.Peek(key: StoreKey) : SessionRecord voption =
        tryFind key |> ValueOption.map (fun struct (_, record) -> record)

    member _.Load(key: StoreKey) : SessionRecord voption =
        match tryFind key with
        | ValueSome(entry, record) ->
            if entry.Use(usedAt ()) && (ownerOf record).IsNone then
                settle entry

            ValueSome record
        | ValueNone -> ValueNone

    member _.Create(key: StoreKey, record: SessionRecord) : bool =
        let entry = MemoryEntry(key, record, usedAt ())
        // The index is written before the record, so that a deletion by owner in between finds the key.
        index key record
        let isCreated = entries.TryAdd entry

        if isCreated then settle entry else unindexUnless key record

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

                settle entry
                ReplaceResult.Replaced
            else
                if changesOwner then
                    unindexUnless key record

                store.Replace(key, expected, record)

    member store.Touch(key: StoreKey, idleExpiresAt: DateTimeOffset) : bool =
        match tryFind key with
        | ValueNone -> false
        | ValueSome(_, current) when SessionRecord.isExpired (clock.GetUtcNow()) current -> false
        | ValueSome(entry, current) ->
            let touched = SessionRecord.touch idleExpiresAt current
            entry.TryChange(current, touched) || store.Touch(key, idleExpiresAt)

    member store.Delete(key: StoreKey) : SessionRecord voption =
        match tryFind key with
        | ValueNone -> ValueNone
        | ValueSome(entry, current) -> if remove entry current then ValueSome current else store.Delete key

    member store.DeleteMany(keys: StoreKey list) : DeletedRecord list =
        [ for key in keys do
              match store.Delete key with
              | ValueSome _ as record -> ({ Key = key; Record = record }: DeletedRecord)
              | ValueNone -> () ]

    /// Deletes what has ended by the clock of every node, unless the clock has just jumped (promise 28).
    member _.PurgeExpired() : int =
        let now = sweep.Now
        let mutable purged = 0

        for entry in entries.All do
            match entry.Record with
            | null -> ()
            | record ->
                if SessionRecord.isPurgeable now record && remove entry record then
                    purged <- purged + 1

        owners.Trim()
        warnings.Flush()
        purged

    /// The owner's records, ended or not, in the order of their keys' bytes: at most `most` after the key `from`.
    member _.List(scope: string, owner: string, from: string option, most: int) : OwnedPage =
        let after =
            match from with
            | None -> ValueNone
            | Some text ->
                match StoreKey.ofText text with
                | Some key -> ValueSome key
                | None -> raise (ArgumentException("This is not the Next of a page.", nameof from))

        let struct (keys, hasMore) = owners.Page(scope, owner, after, most)

        { Items =
            [ for key in keys do
                  match tryFind key with
                  | ValueSome(_, record) when record.Scope = scope && ownerOf record = Some owner ->
                      ({ Key = key; Record = record }: OwnedRecord)
                  | _ -> () ]
          Unreadable = []
          Next = if hasMore then Some(StoreKey.toText keys[keys.Length - 1]) else None }

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

        for entry in entries.All do
            match entry.Record with
            | null -> ()
            | record when record.Scope = scope -> delete entry.Key
            | _ -> ()

        deleted
