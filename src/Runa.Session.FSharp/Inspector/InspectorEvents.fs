namespace Runa.Session

open System.Collections.Generic
open System.Threading.Tasks
open Runa

/// Keeps the latest events, and of each kind at least the latest few: in a flood of one kind the others stay to be seen.
[<Sealed>]
type internal InspectorEvents() =
    static let most = 50
    static let fewest = 5
    let latest = LinkedList<SessionEvent>()
    let counts = Dictionary<SessionEventKind, int>()

    let countOf (kind: SessionEventKind) : int =
        match counts.TryGetValue kind with
        | true, count -> count
        | _ -> 0

    /// Removes the oldest event of a kind that has more than a few.
    let removeOne () : unit =
        let mutable node = latest.Last

        while not (isNull node) do
            let here = nonNull node
            node <- here.Previous

            if countOf here.Value.Kind > fewest then
                counts[here.Value.Kind] <- countOf here.Value.Kind - 1
                latest.Remove here
                node <- null

    /// The newest first.
    member _.Latest: SessionEvent list = lock latest (fun () -> List.ofSeq latest)

    interface ISessionEvents with
        member _.OnSessionEventAsync(event, _) =
            lock latest (fun () ->
                latest.AddFirst event |> ignore
                counts[event.Kind] <- countOf event.Kind + 1

                if latest.Count > most then
                    removeOne ())

            ValueTask()
