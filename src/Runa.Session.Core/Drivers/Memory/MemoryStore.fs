namespace Runa.Session

#nowarn 3391

open System
open System.Collections.Generic
open Microsoft.Extensions.Logging

/// Stores records, packed, and changes them under the lock of their shard. Other drivers are compared with it.
[<Sealed>]
type internal MemoryStore(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    // Unpacked records may take an eighth more.
    let table = MemoryTable(maxBytes / 8L)
    let owners = MemoryOwners clock
    let eviction = MemoryEviction(table, maxSessions, maxBytes)
    let warnings = MemoryWarnings(clock, log, maxSessions, maxBytes)
    let sweep = SweepClock clock
    // The order of uses in milliseconds is enough for eviction, and costs a tenth of a precise timestamp.
    let isCoarse = Object.ReferenceEquals(clock, TimeProvider.System)
    let usedAt () = if isCoarse then Environment.TickCount64 else clock.GetTimestamp()

    let index key scope (owner: string option) = owner |> Option.iter (fun owner -> owners.Add(scope, owner, key))

    let unindex key scope (owner: string option) = owner |> Option.iter (fun owner -> owners.Remove(scope, owner, key))

    let idOf (shard: MemoryShard) (number: int) = MemoryId.make shard.Number number

    /// Under the shard's lock, like all that take a shard and a number.
    let unpack (shard: MemoryShard) (number: int) : SessionRecord =
        match shard.Hot.TryFind (shard.At number).Key with
        | null -> PackedRecord.unpack (Span.op_Implicit (shard.Packed number))
        | hot -> hot.Record

    /// Returns true if something must be evicted.
    let settle (shard: MemoryShard) (number: int) : bool =
        let entry = &shard.At number
        eviction.Settle(idOf shard number, MemoryEntry.SizeOf((shard.Packed number).Length, entry.HasOwner))

    let remove (shard: MemoryShard) (number: int) : unit =
        let entry = &shard.At number

        if entry.HasOwner then
            let packed: ReadOnlySpan<byte> = shard.Packed number
            unindex entry.Key (PackedHead.scope packed) (PackedHead.owner packed)

        eviction.Leave(idOf shard number)
        shard.Hot.Forget entry.Key
        shard.Remove number

    let report (rank: MemoryRank) =
        let isOwned = rank >= MemoryRank.Tombstone
        Telemetry.evict isOwned 1

        if not isOwned then
            if eviction.IsFullOfOwned then
                warnings.Stranger()
        elif rank = MemoryRank.Owned then
            warnings.Owned()

    /// Removes an entry that was chosen, unless it changed meanwhile.
    let evict (now: DateTimeOffset) (id: MemoryId) (key: StoreKey) =
        let shard = table.ShardOf key

        let rank =
            lock shard.Turn (fun () ->
                match shard.Find key with
                | number when number >= 0 && idOf shard number = id && (shard.At number).Rank = MemoryRank.Nowhere ->
                    let isExpired = (shard.At number).Ends <= now.UtcTicks
                    let rank = (shard.At number).RankOf
                    remove shard number
                    if isExpired then MemoryRank.Nowhere else rank
                | _ -> MemoryRank.Nowhere)

        if rank <> MemoryRank.Nowhere then
            report rank

    let rec makeRoom (newcomer: MemoryId) =
        let now = sweep.Now

        match eviction.Take(newcomer, now) with
        | ValueNone -> ()
        | ValueSome struct (id, key) ->
            evict now id key
            makeRoom newcomer

    /// Does what `change` does under the shard's lock. If it returns the number of an entry, too, that is a newcomer
    /// for which room must be made.
    let changing (key: StoreKey) (change: MemoryShard -> struct ('T * int)) : 'T =
        let shard = table.ShardOf key
        let struct (answer, newcomer) = lock shard.Turn (fun () -> change shard)

        if newcomer >= 0 then
            makeRoom (idOf shard newcomer)

        answer

    let newcomer (shard: MemoryShard) (number: int) = if settle shard number then number else -1

    /// Writes a record over another, and counts it again.
    let write (shard: MemoryShard) (number: int) (record: SessionRecord) : unit =
        let key = (shard.At number).Key
        let isHot = not (isNull (shard.Hot.TryFind key))
        shard.Write(number, (PackedRecord.pack record).Written)

        if isHot then
            shard.Hot.Keep(key, number, record)

    let loadPacked (key: StoreKey) : SessionRecord voption =
        changing key (fun shard ->
            match shard.Find key with
            | -1 -> ValueNone, -1
            | number ->
                let record = unpack shard number
                let entry = &shard.At number
                let isFirst = not entry.IsAgain
                entry.LastUse <- usedAt ()
                entry.IsAgain <- true

                // Whoever comes too rarely to be found unpacked the next time displaces nobody.
                if not isFirst && shard.Unpacked - entry.Unpacked <= MemoryHot.Most then
                    shard.Hot.Keep(key, number, record)

                shard.Unpacked <- shard.Unpacked + 1
                entry.Unpacked <- shard.Unpacked
                ValueSome record, (if isFirst && not entry.HasOwner then newcomer shard number else -1))

    /// The number of records, tombstones included.
    member _.Count = eviction.Count

    member _.Bytes = eviction.Bytes
    member _.Owners = owners

    /// The stored record. This does not count as a use.
    member _.Peek(key: StoreKey) : SessionRecord voption =
        changing key (fun shard ->
            match shard.Find key with
            | -1 -> ValueNone, -1
            | number -> ValueSome(unpack shard number), -1)

    member _.Load(key: StoreKey) : SessionRecord voption =
        let shard = table.ShardOf key

        match shard.Hot.TryFind key with
        | null -> loadPacked key
        | hot ->
            hot.IsUsed <- true
            (shard.At hot.Number).LastUse <- usedAt ()
            ValueSome hot.Record

    member _.Create(key: StoreKey, record: SessionRecord) : bool =
        let now = usedAt ()

        changing key (fun shard ->
            if shard.Find key >= 0 then
                false, -1
            else
                index key record.Scope record.State.Owner
                let number = shard.Add(key, (PackedRecord.pack record).Written, now)
                true, newcomer shard number)

    member _.Replace(key: StoreKey, expected: RecordVersion, record: SessionRecord) : ReplaceResult =
        let now = clock.GetUtcNow().UtcTicks

        changing key (fun shard ->
            match shard.Find key with
            | -1 -> ReplaceResult.Missing, -1
            | number when (shard.At number).Ends <= now -> ReplaceResult.Missing, -1
            | number ->
                let packed: ReadOnlySpan<byte> = shard.Packed number

                if PackedHead.version packed <> expected then
                    ReplaceResult.Conflict(unpack shard number), -1
                else
                    let scope = PackedHead.scope packed
                    let owner = PackedHead.owner packed
                    let isOthers = owner <> record.State.Owner || scope <> record.Scope

                    if isOthers then
                        index key record.Scope record.State.Owner

                    write shard number record

                    if isOthers then
                        unindex key scope owner

                    ReplaceResult.Replaced, newcomer shard number)

    member _.Touch(key: StoreKey, idleExpiresAt: DateTimeOffset) : bool =
        let now = clock.GetUtcNow().UtcTicks

        changing key (fun shard ->
            match shard.Find key with
            | -1 -> false, -1
            | number when (shard.At number).Ends <= now -> false, -1
            | number ->
                match shard.Hot.TryFind key with
                | null when PackedHead.tryTouch idleExpiresAt (shard.Packed number) -> shard.Describe number
                | _ -> write shard number (SessionRecord.touch idleExpiresAt (unpack shard number))

                // It was chosen to be evicted, and stays.
                let isChosen = (shard.At number).Rank = MemoryRank.Nowhere
                true, (if isChosen then newcomer shard number else -1))

    member _.Delete(key: StoreKey) : SessionRecord voption =
        changing key (fun shard ->
            match shard.Find key with
            | -1 -> ValueNone, -1
            | number ->
                let record = unpack shard number
                remove shard number
                ValueSome record, -1)

    member store.DeleteMany(keys: StoreKey list) : DeletedRecord list =
        [ for key in keys do
              match store.Delete key with
              | ValueSome _ as record -> ({ Key = key; Record = record }: DeletedRecord)
              | ValueNone -> () ]

    /// Deletes what has ended by the clock of every node, unless the clock has just jumped (promise 28).
    member _.PurgeExpired() : int =
        let until = sweep.Now.UtcTicks - SessionRecord.clockTolerance.Ticks
        let mutable purged = 0

        for shard in table.Shards do
            purged <-
                purged
                + shard.Each(fun number ->
                    if (shard.At number).Ends <= until then
                        remove shard number
                        1
                    else
                        0)

            lock shard.Turn (fun () -> shard.Hot.Cool())

        owners.Trim()
        warnings.Flush()
        purged

    /// The owner's records, ended or not, in the order of their keys' bytes: at most `most` after the key `from`.
    member store.List(scope: string, owner: string, from: string option, most: int) : OwnedPage =
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
                  match store.Peek key with
                  | ValueSome record when record.Scope = scope && record.State.Owner = Some owner ->
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

        let keys = List<StoreKey>()

        for shard in table.Shards do
            keys.Clear()

            shard.Each(fun number ->
                if PackedHead.scope (Span.op_Implicit (shard.Packed number)) = scope then
                    keys.Add (shard.At number).Key

                0)
            |> ignore

            Seq.iter delete keys

        deleted
