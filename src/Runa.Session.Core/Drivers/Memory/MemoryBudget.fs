namespace Runa.Session

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
