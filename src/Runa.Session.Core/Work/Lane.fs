namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// Runs the operations on one session of a request one after another, even if the request starts several at once. A
/// commit that another one overtakes would save its change twice, or lose the other's. A lane also knows when a step
/// runs: an operation that the step starts on its own session would wait for the step, and the step for it.
[<Struct; NoComparison; NoEquality>]
type internal Lane =
    /// The operation that is under way, or the last one that ended.
    val mutable private last: Task | null
    /// The thread on which a step runs; 0: none.
    val mutable private stepping: int
    /// The number of steps that have begun.
    val mutable private steps: int

    /// How long a call from another thread waits for a running step. After that it assumes that the step itself waits
    /// for the call.
    static member LongestStep = TimeSpan.FromSeconds 2.

    /// Whether no operation is under way.
    member lane.IsFree =
        match lane.last with
        | null -> true
        | last -> last.IsCompleted

    /// Completes when the current operation has ended, even if it failed.
    member lane.Free() : Task =
        match lane.last with
        | null -> Task.CompletedTask
        | last -> last.ContinueWith((fun (_: Task) -> ()), TaskScheduler.Default)

    /// Makes this the current operation. Later operations wait for it.
    member lane.Take(running: ValueTask<'T>) : ValueTask<'T> =
        if running.IsCompleted then
            running
        else
            let running = running.AsTask()
            lane.last <- running
            ValueTask<'T> running

    /// Runs the operation when those before it have ended.
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

    /// Whether the caller is the running step.
    member lane.IsMyStep = lane.stepping <> 0 && lane.stepping = Environment.CurrentManagedThreadId

    /// Whether a step is running, on any thread.
    member lane.HasStep = Volatile.Read &lane.stepping <> 0

    member lane.Steps = lane.steps

    /// Records that this thread runs a step. Returns the argument for EndStep.
    member lane.BeginStep() : int =
        let before = lane.stepping
        lane.stepping <- Environment.CurrentManagedThreadId
        lane.steps <- lane.steps + 1
        before

    member lane.EndStep(before: int) = lane.stepping <- before

    /// Waits for a step on another thread; `isSame` says whether it is still running. Raises InvalidOperationException if that
    /// takes too long: steps are pure and end quickly, so the step probably waits for this call.
    static member AwaitStep(name: string, isSame: unit -> bool) : Task =
        task {
            let since = Stopwatch.StartNew()

            while isSame () && since.Elapsed <= Lane.LongestStep do
                do! Task.Delay 5

            if isSame () then
                raise (Misuse.nested name)
        }
