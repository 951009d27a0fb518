namespace Runa.Session

open System
open System.Threading

/// Chooses the records that a full memory evicts (promise 26). Strangers are sessions without an owner; they displace
/// only strangers, and signed-in users displace signed-in users one for one. A store full of signed-in users holds one
/// stranger beyond its bound, so that somebody can sign in. It also holds one user more, so that a change of ids, which
/// stores the new record before the old one becomes a tombstone, logs nobody out. Tombstones are not sessions: their
/// bytes count, and they have a bound of their own.
///
/// The work for one newcomer does not grow with the store: a few entries are looked at, and the best of them is
/// evicted.
[<Sealed>]
type internal MemoryEviction(maxSessions: int, maxBytes: int64) =
    static let samples = 5
    // How many entries of each rank are checked for expiry. The sweep finds the others.
    static let glances = 1

    let turn = Lock()
    let once, again, tombstones, owned = MemoryPool(), MemoryPool(), MemoryPool(), MemoryPool()
    let maxTombstones = 64 + maxSessions / 4

    let pool (rank: MemoryRank) =
        match rank with
        | MemoryRank.SeenOnce -> once
        | MemoryRank.SeenAgain -> again
        | MemoryRank.Tombstone -> tombstones
        | _ -> owned

    let leave (entry: MemoryEntry) =
        if entry.Rank <> MemoryRank.Nowhere then
            (pool entry.Rank).Remove entry
            entry.Place <- { entry.Place with Rank = MemoryRank.Nowhere }

    let move (entry: MemoryEntry) (rank: MemoryRank) (size: int64) =
        if entry.Rank = rank then
            (pool rank).Resize(entry, size)
        else
            leave entry
            entry.Place <- { entry.Place with Size = size; Rank = rank }
            (pool rank).Add entry

    let strangers () = once.Count + again.Count
    let ownedBytes () = owned.Bytes + tombstones.Bytes
    let bytes () = once.Bytes + again.Bytes + ownedBytes ()
    let isTooLarge (newcomer: MemoryEntry) = newcomer.Rank <> MemoryRank.Nowhere && newcomer.Size > maxBytes
    let hasTooManyStrangers () = strangers () > 1 && (strangers () + owned.Count > maxSessions || bytes () > maxBytes)
    let isStrangerTooLarge () = strangers () = 1 && bytes () - maxBytes > maxBytes / 8L
    let hasTooManyOwned () = owned.Count - 1 > maxSessions
    let hasTooManyOwnedBytes () = ownedBytes () > maxBytes
    let hasTooManyTombstones () = tombstones.Count > maxTombstones

    let isOver newcomer =
        hasTooManyStrangers ()
        || hasTooManyOwned ()
        || hasTooManyOwnedBytes ()
        || hasTooManyTombstones ()
        || isStrangerTooLarge ()
        || isTooLarge newcomer

    let until (now: DateTimeOffset) = now.UtcTicks - SessionRecord.clockTolerance.Ticks

    /// An entry that has expired, otherwise the one that was not used for longest.
    let oldest (pool: MemoryPool) (spared: MemoryEntry | null) (now: DateTimeOffset) =
        let until = until now
        let time (entry: MemoryEntry) = if entry.Ends <= until then Int64.MinValue else entry.LastUse

        pool.Find(
            samples,
            spared,
            fun entry found ->
                match found with
                | null -> true
                | found -> time entry < time found
        )

    let expiredIn (spared: MemoryEntry) (now: DateTimeOffset) (pool: MemoryPool) : MemoryEntry | null =
        let until = until now

        pool.Find(
            glances,
            spared,
            fun entry found ->
                isNull found
                && entry.Ends <= until
                && (match entry.Record with
                    | null -> true
                    | record -> SessionRecord.isPurgeable now record)
        )

    let orElse (other: unit -> MemoryEntry | null) (found: MemoryEntry | null) : MemoryEntry | null =
        match found with
        | null -> other ()
        | found -> found

    let expired (newcomer: MemoryEntry) (now: DateTimeOffset) : MemoryEntry | null =
        expiredIn newcomer now again
        |> orElse (fun () -> expiredIn newcomer now tombstones)
        |> orElse (fun () -> expiredIn newcomer now owned)
        |> orElse (fun () -> expiredIn newcomer now once)

    /// The stranger to evict: one that was seen once, unless these are no more than an eighth of all strangers. Without
    /// that share, in a store full of strangers who came back, new ones would never stay long enough to come back.
    let oldestStranger (newcomer: MemoryEntry) now =
        let others = if newcomer.Rank = MemoryRank.SeenOnce then once.Count - 1 else once.Count

        if others > strangers () / 8 then
            oldest once newcomer now |> orElse (fun () -> oldest again newcomer now)
        else
            oldest again newcomer now |> orElse (fun () -> oldest once newcomer now)

    /// The next entry to evict. Null: everything fits.
    let choose (newcomer: MemoryEntry) (now: DateTimeOffset) : MemoryEntry | null =
        if not (isOver newcomer) then
            null
        elif isTooLarge newcomer then
            newcomer
        else
            expired newcomer now
            |> orElse (fun () ->
                if hasTooManyStrangers () then
                    oldestStranger newcomer now
                elif isStrangerTooLarge () then
                    oldest once null now |> orElse (fun () -> oldest again null now)
                elif hasTooManyOwned () then
                    oldest owned newcomer now
                else
                    oldest tombstones newcomer now |> orElse (fun () -> oldest owned newcomer now))

    member _.Count = lock turn (fun () -> strangers () + tombstones.Count + owned.Count)
    member _.Bytes = lock turn (fun () -> bytes ())

    /// Whether signed-in users fill the store.
    member _.IsFullOfOwned =
        lock turn (fun () -> owned.Count >= maxSessions || ownedBytes () >= maxBytes - maxBytes / 8L)

    /// Counts the entry again after each change. Returns true if something must be evicted.
    member eviction.Settle(entry: MemoryEntry) : bool =
        let seen = entry.Record

        let bytes =
            match seen with
            | null -> 0L
            | record -> MemoryEntry.SizeOf record

        let isSettled, mustLeave =
            lock turn (fun () ->
                match entry.Record with
                | null ->
                    leave entry
                    true, false
                | record when Object.ReferenceEquals(record, seen) ->
                    move entry (entry.RankOf record) bytes
                    true, isOver entry
                | _ -> false, false)

        if isSettled then mustLeave else eviction.Settle entry

    /// Takes the next entry to evict out of the count, and returns it with its record. The caller removes it if that is
    /// still its record, and otherwise counts it again. The newcomer itself is evicted only if it is larger than all
    /// the room.
    member _.Take(newcomer: MemoryEntry, now: DateTimeOffset) : struct (MemoryEntry * SessionRecord) voption =
        lock turn (fun () ->
            let rec take () =
                match choose newcomer now with
                | null -> ValueNone
                | entry ->
                    match entry.Record with
                    | null ->
                        leave entry
                        take ()
                    | record when entry.RankOf record <> entry.Rank ->
                        // The entry has just changed, and is not counted again yet.
                        move entry (entry.RankOf record) entry.Size
                        take ()
                    | record ->
                        leave entry
                        ValueSome struct (entry, record)

            take ())
