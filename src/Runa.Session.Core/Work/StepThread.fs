namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// Knows when a step of its session runs. What the step asks of the same session then could never come to its turn.
[<Struct; NoComparison; NoEquality>]
type internal StepThread =
    /// The thread on which a step runs; 0: none.
    val mutable private running: int
    /// How many steps have begun.
    val mutable private count: int

    /// How long a step may run before a call from another thread that waits for it takes it for its own caller.
    static member Longest = TimeSpan.FromSeconds 2.

    /// A step of this session is running, and called this: what it changes elsewhere than in what it is given would be lost.
    member steps.IsMine = steps.running <> 0 && steps.running = Environment.CurrentManagedThreadId

    /// A step of this session is running, on whichever thread.
    member steps.IsAny = Volatile.Read &steps.running <> 0

    member steps.Count = steps.count

    /// From now on this thread runs a step. Answers what End is to be given.
    member steps.Begin() : int =
        let before = steps.running
        steps.running <- Environment.CurrentManagedThreadId
        steps.count <- steps.count + 1
        before

    member steps.End(before: int) = steps.running <- before
