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
///
/// Whoever calls Settle or Leave holds the lock of the entry's shard, so an entry that is counted is in use. Whoever
/// chooses holds no shard's lock.
[<Sealed>]
type internal MemoryEviction(table: MemoryTable, maxSessions: int, maxBytes: int64) =
    static let samples = 5
    // How many entries of each rank are checked for expiry. The sweep finds the others.
    static let glances = 1

    let turn = Lock()
    let once, again = MemoryPool table, MemoryPool table
    let tombstones, owned = MemoryPool table, MemoryPool table
    let maxTombstones = 64 + maxSessions / 4

    let pool (rank: MemoryRank) =
        match rank with
        | MemoryRank.SeenOnce -> once
        | MemoryRank.SeenAgain -> again
        | MemoryRank.Tombstone -> tombstones
        | _ -> owned

    let leave (id: MemoryId) =
        let entry = &table.At id

        if entry.Rank <> MemoryRank.Nowhere then
            (pool entry.Rank).Remove id
            entry.Rank <- MemoryRank.Nowhere

    let move (id: MemoryId) (size: int) =
        let entry = &table.At id
        let rank = entry.RankOf

        if entry.Rank = rank then
            (pool rank).Resize(id, size)
        else
            leave id
            entry.Size <- size
            entry.Rank <- rank
            (pool rank).Add id

    let strangers () = once.Count + again.Count
    let ownedBytes () = owned.Bytes + tombstones.Bytes
    let bytes () = once.Bytes + again.Bytes + ownedBytes ()

    let isTooLarge (newcomer: MemoryId) =
        (table.At newcomer).Rank <> MemoryRank.Nowhere && int64 (table.At newcomer).Size > maxBytes

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
    let oldest (pool: MemoryPool) (spared: MemoryId) (now: DateTimeOffset) : MemoryId =
        let until = until now

        pool.Find(
            samples,
            spared,
            fun id ->
                let entry = &table.At id
                ValueSome(if entry.Ends <= until then Int64.MinValue else entry.LastUse)
        )

    let expiredIn (spared: MemoryId) (now: DateTimeOffset) (pool: MemoryPool) : MemoryId =
        let until = until now
        pool.Find(glances, spared, (fun id -> if (table.At id).Ends <= until then ValueSome 0L else ValueNone))

    let orElse (other: unit -> MemoryId) (found: MemoryId) : MemoryId =
        if found = MemoryId.none then other () else found

    let expired (newcomer: MemoryId) (now: DateTimeOffset) : MemoryId =
        expiredIn newcomer now again
        |> orElse (fun () -> expiredIn newcomer now tombstones)
        |> orElse (fun () -> expiredIn newcomer now owned)
        |> orElse (fun () -> expiredIn newcomer now once)

    /// The stranger to evict: one that was seen once, unless these are no more than an eighth of all strangers. Without
    /// that share, in a store full of strangers who came back, new ones would never stay long enough to come back.
    let oldestStranger (newcomer: MemoryId) now =
        let others =
            if (table.At newcomer).Rank = MemoryRank.SeenOnce then
                once.Count - 1
            else
                once.Count

        if others > strangers () / 8 then
            oldest once newcomer now |> orElse (fun () -> oldest again newcomer now)
        else
            oldest again newcomer now |> orElse (fun () -> oldest once newcomer now)

    /// The next entry to evict. MemoryId.none: everything fits.
    let choose (newcomer: MemoryId) (now: DateTimeOffset) : MemoryId =
        if not (isOver newcomer) then
            MemoryId.none
        elif isTooLarge newcomer then
            newcomer
        else
            expired newcomer now
            |> orElse (fun () ->
                if hasTooManyStrangers () then
                    oldestStranger newcomer now
                elif isStrangerTooLarge () then
                    oldest once MemoryId.none now |> orElse (fun () -> oldest again MemoryId.none now)
                elif hasTooManyOwned () then
                    oldest owned newcomer now
                else
                    oldest tombstones newcomer now |> orElse (fun () -> oldest owned newcomer now))

    member _.Count = lock turn (fun () -> strangers () + tombstones.Count + owned.Count)
    member _.Bytes = lock turn (fun () -> bytes ())

    /// The number of sessions, without tombstones, and the bytes of everything.
    member _.Sessions: struct (int64 * int64) =
        lock turn (fun () -> struct (int64 (strangers () + owned.Count), bytes ()))

    /// Whether signed-in users fill the store.
    member _.IsFullOfOwned =
        lock turn (fun () -> owned.Count >= maxSessions || ownedBytes () >= maxBytes - maxBytes / 8L)

    /// Counts the entry again after each change. Returns true if something must be evicted.
    member _.Settle(id: MemoryId, size: int) : bool =
        lock turn (fun () ->
            move id size
            isOver id)

    /// Counts the entry no more.
    member _.Leave(id: MemoryId) = lock turn (fun () -> leave id)

    /// Takes the next entry to evict out of the count. The caller removes it if it still has this key and was not counted
    /// again since. The newcomer itself is evicted only if it is larger than all the room.
    member _.Take(newcomer: MemoryId, now: DateTimeOffset) : struct (MemoryId * StoreKey) voption =
        lock turn (fun () ->
            match choose newcomer now with
            | id when id = MemoryId.none -> ValueNone
            | id ->
                leave id
                ValueSome struct (id, (table.At id).Key))
