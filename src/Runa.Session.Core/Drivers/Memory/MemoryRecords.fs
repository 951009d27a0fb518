namespace Runa.Session

#nowarn 3391

open System
open System.Threading
open Microsoft.Extensions.Logging

/// The records of a store, and what changes with them: the owner index, the count, what is kept unpacked. Members that
/// take a shard and the number of an entry are called under the shard's lock.
[<Sealed>]
type internal MemoryRecords(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    // Unpacked records may take an eighth more.
    let table = MemoryTable(maxBytes / 8L)
    let owners = MemoryOwners clock
    let eviction = MemoryEviction(table, maxSessions, maxBytes)
    let warnings = MemoryWarnings(clock, log, maxSessions, maxBytes)
    let sweep = SweepClock clock
    let mutable evictedVisitors = 0L
    let mutable evictedUsers = 0L

    let index key scope (owner: string option) = owner |> Option.iter (fun owner -> owners.Add(scope, owner, key))

    let unindex key scope (owner: string option) = owner |> Option.iter (fun owner -> owners.Remove(scope, owner, key))

    let idOf (shard: MemoryShard) (number: int) = MemoryId.make shard.Number number

    let remove (shard: MemoryShard) (number: int) : unit =
        let entry = &shard.At number

        if entry.HasOwner then
            let packed: ReadOnlySpan<byte> = shard.Packed number
            unindex entry.Key (PackedHead.scope packed) (PackedHead.owner packed)

        eviction.Leave(idOf shard number)
        shard.Hot.Forget entry.Key
        shard.Remove number

    let report (rank: MemoryRank) =
        match rank with
        | MemoryRank.Owned ->
            Interlocked.Increment &evictedUsers |> ignore
            warnings.Owned()
        // It is not a session any more.
        | MemoryRank.Tombstone -> ()
        | _ ->
            Interlocked.Increment &evictedVisitors |> ignore

            if eviction.IsFullOfOwned then
                warnings.Stranger()

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

    /// Counts an entry again. Returns its number if room must be made for it, otherwise -1.
    let settle (shard: MemoryShard) (number: int) : int =
        let size = MemoryEntry.SizeOf((shard.Packed number).Length, (shard.At number).HasOwner)
        if eviction.Settle(idOf shard number, size) then number else -1

    member _.Shards = table.Shards
    member _.Owners = owners
    member _.Count = eviction.Count
    member _.Bytes = eviction.Bytes

    /// How full the store is, and what was evicted.
    member _.Usage: DriverUsage =
        let struct (sessions, bytes) = eviction.Sessions

        { Sessions = sessions
          Bytes = bytes
          EvictedVisitors = Volatile.Read &evictedVisitors
          EvictedUsers = Volatile.Read &evictedUsers }

    member _.SweepTime = sweep.Now
    member _.FlushWarnings() = warnings.Flush()

    /// Without the lock: the shard that holds the key.
    member _.ShardOf(key: StoreKey) : MemoryShard = table.ShardOf key

    /// Without the lock: makes room for an entry.
    member _.MakeRoom(shard: MemoryShard, newcomer: int) : unit = makeRoom (idOf shard newcomer)

    /// Without the lock: takes it for `change`, which answers and may return the number of an entry for which room must
    /// be made, or -1. Makes the room without the lock.
    member inline records.Change(key: StoreKey, [<InlineIfLambda>] change: MemoryShard -> struct ('T * int)) : 'T =
        let shard = records.ShardOf key
        let struct (answer, newcomer) = lock shard.Turn (fun () -> change shard)

        if newcomer >= 0 then
            records.MakeRoom(shard, newcomer)

        answer

    /// Like Change, for the entry of a key. Answers `missing` if there is none.
    member inline records.ChangeAt
        (key: StoreKey, missing: 'T, [<InlineIfLambda>] change: MemoryShard -> int -> struct ('T * int))
        : 'T =
        records.Change(
            key,
            fun shard ->
                match shard.Find key with
                | -1 -> struct (missing, -1)
                | number -> change shard number
        )

    member _.Read(shard: MemoryShard, number: int) : SessionRecord =
        match shard.Hot.TryFind (shard.At number).Key with
        | null -> PackedRecord.unpack (shard.Packed number)
        | hot -> hot.Record

    /// Records a use, for which the record was read. Returns what Change wants.
    member _.Use(shard: MemoryShard, number: int, record: SessionRecord, now: int64) : int =
        let entry = &shard.At number
        let isFirst = not entry.IsAgain
        entry.LastUse <- now
        entry.IsAgain <- true

        // Whoever comes too rarely to be found unpacked the next time displaces nobody.
        if not isFirst && shard.Unpacked - entry.Unpacked <= MemoryHot.Most then
            shard.Hot.Keep(entry.Key, number, record)

        shard.Unpacked <- shard.Unpacked + 1
        entry.Unpacked <- shard.Unpacked
        if isFirst && not entry.HasOwner then settle shard number else -1

    /// Adds the record under a key that is not taken. Returns what Change wants.
    member _.Add(shard: MemoryShard, key: StoreKey, record: SessionRecord, now: int64) : int =
        index key record.Scope record.State.Owner
        settle shard (shard.Add(key, (PackedRecord.pack record).Written, now))

    /// Writes the record over that of an entry. Returns what Change wants.
    member _.Replace(shard: MemoryShard, number: int, record: SessionRecord) : int =
        let key = (shard.At number).Key
        let before: ReadOnlySpan<byte> = shard.Packed number
        let scope = PackedHead.scope before
        let owner = PackedHead.owner before
        let isOthers = owner <> record.State.Owner || scope <> record.Scope

        if isOthers then
            index key record.Scope record.State.Owner

        shard.Write(number, (PackedRecord.pack record).Written)

        if not (isNull (shard.Hot.TryFind key)) then
            shard.Hot.Keep(key, number, record)

        if isOthers then
            unindex key scope owner

        settle shard number

    /// Moves the idle end. Returns what Change wants.
    member records.Touch(shard: MemoryShard, number: int, idleExpiresAt: DateTimeOffset) : int =
        let isHot = not (isNull (shard.Hot.TryFind (shard.At number).Key))

        if isHot || not (PackedHead.tryTouch idleExpiresAt (shard.Packed number)) then
            records.Replace(shard, number, SessionRecord.touch idleExpiresAt (records.Read(shard, number)))
        else
            shard.Describe number
            // If it was chosen to be evicted, it stays.
            if (shard.At number).Rank = MemoryRank.Nowhere then settle shard number else -1

    member _.Remove(shard: MemoryShard, number: int) : unit = remove shard number
