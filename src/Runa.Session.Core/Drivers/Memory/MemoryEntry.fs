namespace Runa.Session

open System
open System.Threading

/// The ranks of entries, in the order of their eviction (promise 26).
type internal MemoryRank =
    /// Not counted yet, or no longer.
    | Nowhere = 0
    /// A session without an owner that was not loaded since it was created.
    | SeenOnce = 1
    /// A session without an owner that was loaded again.
    | SeenAgain = 2
    /// The tombstone of a signed-in user's session that moved to a new id.
    | Tombstone = 3
    /// A session of a signed-in user.
    | Owned = 4

/// How MemoryEviction counts an entry: its rank, its size, and its slot in the pool.
[<Struct>]
type internal MemoryPlace = { Rank: MemoryRank; Size: int64; Slot: int }

/// When an entry was last loaded, as a timestamp, and whether it was loaded at all since its creation.
[<Struct>]
type internal MemoryUse = { Last: int64; IsAgain: bool }

/// One record in memory. Records are immutable. The entry points to the current record, or to none after its removal.
[<Sealed>]
type internal MemoryEntry(key: StoreKey, first: SessionRecord, now: int64) =
    let mutable record: SessionRecord | null = first
    let mutable usage: MemoryUse = { Last = now; IsAgain = false }
    let mutable ends = (SessionRecord.endsAt first).UtcTicks

    member _.Key = key

    /// The current record. Null: the entry is removed.
    member _.Record = Volatile.Read(&record)

    /// Replaces `before` by `after`. Returns false if `before` is no longer the current record.
    member _.TryChange(before: SessionRecord, after: SessionRecord | null) =
        let isChanged = Object.ReferenceEquals(Interlocked.CompareExchange(&record, after, before), before)

        if isChanged then
            match after with
            | null -> ()
            | after -> ends <- (SessionRecord.endsAt after).UtcTicks

        isChanged

    /// Records a use. Returns true the first time. This only affects the order of eviction, so a race between requests
    /// does no harm. `now` is a timestamp, which changes of the clock do not affect.
    member _.Use(now: int64) : bool =
        let isFirst = not usage.IsAgain
        usage <- { Last = now; IsAgain = true }
        isFirst

    member _.LastUse = usage.Last

    /// The record's EndsAt in UTC ticks, for a moment possibly the previous one. It saves eviction a look into the
    /// record.
    member _.Ends = ends

    /// Changed by MemoryEviction only, under its lock.
    member val Place: MemoryPlace = { Rank = MemoryRank.Nowhere; Size = 0L; Slot = 0 } with get, set

    member entry.Rank = entry.Place.Rank
    member entry.Size = entry.Place.Size
    member entry.Slot = entry.Place.Slot

    member _.RankOf(record: SessionRecord) : MemoryRank =
        if record.State.Owner.IsNone then
            if usage.IsAgain then MemoryRank.SeenAgain else MemoryRank.SeenOnce
        elif SessionRecord.isTombstone record then
            MemoryRank.Tombstone
        else
            MemoryRank.Owned

    /// Roughly how many bytes a record takes in memory.
    static member SizeOf(record: SessionRecord) : int64 =
        let state = record.State
        let text (s: string) = int64 (2 * s.Length + 24)
        let values = state.Values |> Map.fold (fun sum key json -> sum + text key + text json + 48L) 0L
        let flashes = state.Flashes |> List.sumBy (fun flash -> text flash.Key + text flash.Json + 64L)

        let claims =
            state.Claims
            |> Map.fold (fun sum name values -> sum + text name + 48L + List.sumBy (fun v -> text v + 32L) values) 0L

        let kept =
            match record.Kind with
            | RecordKind.Sealed content -> text content
            | RecordKind.Live
            | RecordKind.Moved _ -> 0L

        let optional = Option.fold (fun sum s -> sum + text s)
        400L + kept + optional (optional (values + flashes + claims) state.Owner) state.Label
