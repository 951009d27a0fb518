namespace Runa.Session

open System
open System.Threading

/// What displaces what (promise 26), in the order in which they leave.
type internal MemoryRank =
    /// Not counted: not yet, or no longer.
    | Nowhere = 0
    /// A stranger's, not asked for again since it was created.
    | SeenOnce = 1
    /// A stranger's that came back.
    | SeenAgain = 2
    /// Where a signed-in user's session was before it changed its id.
    | Tombstone = 3
    /// A signed-in user's.
    | Owned = 4

/// Where MemoryEviction counts an entry, as how much, and in which slot of its pool.
[<Struct>]
type internal MemoryPlace = { Rank: MemoryRank; Size: int64; Slot: int }

/// When an entry was asked for last, as Stopwatch counts, and whether it came back at all.
[<Struct>]
type internal MemoryUse = { Last: int64; IsAgain: bool }

/// One record in memory. Records are immutable; the entry points to the current one, or to none once it is removed.
[<Sealed>]
type internal MemoryEntry(key: StoreKey, first: SessionRecord, now: int64) =
    let mutable record: SessionRecord | null = first
    let mutable usage: MemoryUse = { Last = now; IsAgain = false }
    let mutable ends = (SessionRecord.endsAt first).UtcTicks

    member _.Key = key

    /// Null once it is removed.
    member _.Record = Volatile.Read(&record)

    /// Whether `before` was still current, and `after` is now.
    member _.TryChange(before: SessionRecord, after: SessionRecord | null) =
        let isChanged = Object.ReferenceEquals(Interlocked.CompareExchange(&record, after, before), before)

        if isChanged then
            match after with
            | null -> ()
            | after -> ends <- (SessionRecord.endsAt after).UtcTicks

        isChanged

    /// True: it comes back for the first time. Only the order of eviction follows from this, so a race between requests does no
    /// harm. `now` is a timestamp, which no setting of the clock moves.
    member _.Use(now: int64) : bool =
        let isFirst = not usage.IsAgain
        usage <- { Last = now; IsAgain = true }
        isFirst

    member _.LastUse = usage.Last
    member _.IsSeenAgain = usage.IsAgain
    /// In UTC ticks, and for a moment behind what the record says. It saves eviction a look into the record.
    member _.Ends = ends

    /// Changed in MemoryEviction's turn only.
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

    /// About how many bytes a record takes in memory.
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
