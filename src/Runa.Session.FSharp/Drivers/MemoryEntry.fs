namespace Runa.Session

open System
open System.Threading

/// One record in memory. Records are immutable; the entry points to the current one, or to none once it is removed.
[<Sealed; AllowNullLiteral>]
type internal MemoryEntry(key: StoreKey, record: SessionRecord, now: DateTimeOffset) =
    let mutable record: SessionRecord | null = record
    let mutable lastUse = now.UtcTicks
    let mutable isSeenAgain = false

    member _.Key = key

    /// Null once it is removed.
    member _.Record = Volatile.Read(&record)

    /// Whether `before` was still current, and `after` is now.
    member _.TryChange(before: SessionRecord, after: SessionRecord | null) =
        Object.ReferenceEquals(Interlocked.CompareExchange(&record, after, before), before)

    /// Only the order of eviction follows from these two, so a race between requests does no harm.
    member _.Use(now: DateTimeOffset) =
        lastUse <- now.UtcTicks
        isSeenAgain <- true

    member _.LastUse = lastUse
    member _.IsSeenAgain = isSeenAgain

    /// About how many bytes a record takes in memory.
    static member Size(record: SessionRecord) : int64 =
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
