namespace Runa.Session

open System
open System.Threading

/// How many bytes unpacked records may take together.
[<Sealed>]
type internal MemoryBudget(most: int64) =
    let mutable taken = 0L

    member _.TryTake(bytes: int64) : bool =
        let isTaken = Interlocked.Add(&taken, bytes) <= most

        if not isTaken then
            Interlocked.Add(&taken, -bytes) |> ignore

        isTaken

    member _.Give(bytes: int64) = Interlocked.Add(&taken, -bytes) |> ignore
    member _.Taken = Volatile.Read &taken

/// A record that is also kept unpacked.
[<Sealed>]
type internal HotRecord(key: StoreKey, number: int, record: SessionRecord, bytes: int64) =
    member _.Key = key
    /// The number of its entry.
    member _.Number = number
    member _.Record = record
    member _.Bytes = bytes
    /// Whether it was loaded lately.
    member val IsUsed = false with get, set

    /// Roughly how many bytes a record takes as objects.
    static member SizeOf(record: SessionRecord) : int64 =
        let state = record.State
        let text (s: string) = int64 (2 * s.Length + 24)
        let values = state.Values |> Map.fold (fun sum _ json -> sum + text json + 48L) 0L
        let flashes = state.Flashes |> List.sumBy (fun flash -> text flash.Key + text flash.Json + 64L)

        let claims =
            state.Claims
            |> Map.fold (fun sum _ values -> sum + 48L + List.sumBy (fun v -> text v + 32L) values) 0L

        let kept =
            match record.Kind with
            | RecordKind.Sealed content -> text content
            | RecordKind.Live
            | RecordKind.Moved _ -> 0L

        let optional = Option.fold (fun sum s -> sum + text s)
        400L + kept + optional (optional (values + flashes + claims) state.Owner) state.Label
