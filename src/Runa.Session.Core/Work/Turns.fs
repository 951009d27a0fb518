namespace Runa.Session

open System.Threading.Tasks

/// What is done to one session of a request goes one after another, however much of it the request starts at once: a
/// commit that another one overtakes would save its change twice, or lose the other's.
[<Struct; NoComparison; NoEquality>]
type internal Turns =
    val mutable private last: Task | null

    /// Nothing is under way.
    member turns.IsFree =
        match turns.last with
        | null -> true
        | last -> last.IsCompleted

    /// How what is under way ends is its caller's matter.
    member turns.Free() : Task =
        match turns.last with
        | null -> Task.CompletedTask
        | last -> last.ContinueWith((fun (_: Task) -> ()), TaskScheduler.Default)

    /// This is under way now; those who come wait for it.
    member turns.Take(running: ValueTask<'T>) : ValueTask<'T> =
        if running.IsCompleted then
            running
        else
            let running = running.AsTask()
            turns.last <- running
            ValueTask<'T> running
