namespace Runa.Session

open System.Collections.Generic
open System.Threading.Tasks
open Runa

/// Keeps the latest events.
[<Sealed>]
type internal InspectorEvents() =
    static let most = 50
    let latest = LinkedList<SessionEvent>()

    /// The newest first.
    member _.Latest: SessionEvent list = lock latest (fun () -> List.ofSeq latest)

    interface ISessionEvents with
        member _.OnSessionEventAsync(event, _) =
            lock latest (fun () ->
                latest.AddFirst event |> ignore

                if latest.Count > most then
                    latest.RemoveLast())

            ValueTask()
