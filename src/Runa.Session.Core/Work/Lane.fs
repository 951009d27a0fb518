namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// What is done to one session of a request goes one after another, however much of it the request starts at once: a
/// commit that another one overtakes would save its change twice, or lose the other's. It also knows when a step runs: what
/// the step asks of the same session then could never come to its turn.
[<Struct; NoComparison; NoEquality>]
type internal Lane =
    /// What is under way, or ended last.
    val mutable private last: Task | null
    /// The thread on which a step runs; 0: none.
    val mutable private stepping: int
    /// How many steps have begun.
    val mutable private steps: int

    /// How long a step may run before a call from another thread that waits for it takes it for its own caller.
    static member LongestStep = TimeSpan.FromSeconds 2.

    /// Nothing is under way.
    member lane.IsFree =
        match lane.last with
        | null -> true
        | last -> last.IsCompleted

    /// When nothing is under way. How that ends is its caller's matter.
    member lane.Free() : Task =
        match lane.last with
        | null -> Task.CompletedTask
        | last -> last.ContinueWith((fun (_: Task) -> ()), TaskScheduler.Default)

    /// This is under way now; those who come wait for it.
    member lane.Take(running: ValueTask<'T>) : ValueTask<'T> =
        if running.IsCompleted then
            running
        else
            let running = running.AsTask()
            lane.last <- running
            ValueTask<'T> running

    /// Does it when it is its turn.
    member lane.InTurn(doing: unit -> ValueTask<'T>) : ValueTask<'T> =
        if lane.IsFree then
            lane.Take(doing ())
        else
            let free = lane.Free()

            lane.Take(
                ValueTask<'T>(
                    task {
                        do! free
                        return! doing ()
                    }
                )
            )

    /// A step is running, and called this: what it changes elsewhere than in what it is given would be lost.
    member lane.IsMyStep = lane.stepping <> 0 && lane.stepping = Environment.CurrentManagedThreadId

    /// A step is running, on whichever thread.
    member lane.IsStepping = Volatile.Read &lane.stepping <> 0

    member lane.Steps = lane.steps

    /// From now on this thread runs a step. Answers what EndStep is to be given.
    member lane.BeginStep() : int =
        let before = lane.stepping
        lane.stepping <- Environment.CurrentManagedThreadId
        lane.steps <- lane.steps + 1
        before

    member lane.EndStep(before: int) = lane.stepping <- before

    /// When the step has ended that runs on another thread: `isSame` says that it runs on. A step that waits for that thread
    /// has called this, by a detour: steps are pure, and end in no time. False: it took too long.
    static member StepEnded(isSame: unit -> bool) : Task<bool> =
        task {
            let since = Stopwatch.StartNew()

            while isSame () && since.Elapsed <= Lane.LongestStep do
                do! Task.Delay 5

            return not (isSame ())
        }
