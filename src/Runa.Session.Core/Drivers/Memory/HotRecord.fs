namespace Runa.Session

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
        let client =
            state.Client
            |> Option.fold (fun _ client -> 24L + optional (optional 0L client.Address) client.Agent) 0L
        400L + kept + optional (optional (values + flashes + claims + client) state.Owner) state.Label
