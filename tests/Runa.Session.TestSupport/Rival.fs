namespace Runa.Session.TestSupport

open System.Threading.Tasks

/// What another request does while a step runs for the first time.
[<Sealed>]
type Rival() =
    let mutable isLeft = true
    member val Act: unit -> Task = (fun () -> Task.CompletedTask) with get, set

    member rival.Interfere() =
        if isLeft then
            isLeft <- false
            rival.Act().GetAwaiter().GetResult()
