namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Knows when a step of its session runs. What the step asks of the same session then could never come to its turn.
[<AbstractClass; AllowNullLiteral>]
type internal RequestStepping(context: HttpContext, session: NamedSession) =
    inherit RequestState(context, session)

    // The thread on which a step runs; 0: none.
    let mutable stepping = 0
    // How many steps have begun.
    let mutable steps = 0

    /// How long a step may run before a call from another thread that waits for it takes it for its own caller.
    static member val LongestStep = TimeSpan.FromSeconds 2.

    /// A step of this session is running, and called this: what it changes elsewhere than in what it is given would be lost.
    member _.IsStepping = stepping <> 0 && stepping = Environment.CurrentManagedThreadId

    /// A step of this session is running, on whichever thread.
    member _.IsAnyStepping = Volatile.Read &stepping <> 0

    /// From now on this thread runs a step. Answers what EndStep is to be given.
    member _.BeginStep() : int =
        let before = stepping
        stepping <- Environment.CurrentManagedThreadId
        steps <- steps + 1
        before

    member _.EndStep(before: int) = stepping <- before

    member private _.Nested() : exn =
        InvalidOperationException
            $"A step for the session \"{session.Name}\" asked for the same session again, to change or commit it: it would wait for itself, and a step may run again. Use the session that the step is given, and do the rest after the step."

    /// Raises InvalidOperationException inside of a step for this session: at once, whoever else is at it.
    member this.CheckNotStepping() =
        if this.IsStepping then
            raise (this.Nested())

    /// When the step that runs on another thread has ended. One that waits for that thread has called this, by a detour:
    /// steps are pure, and end in no time.
    member this.StepEnded() : Task =
        task {
            let seen = steps
            let since = Stopwatch.StartNew()

            while this.IsAnyStepping && steps = seen do
                if since.Elapsed > RequestStepping.LongestStep then
                    raise (this.Nested())

                do! Task.Delay 5
        }
