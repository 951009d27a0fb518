namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Requests of one session that met a conflict wait here and go one by one, in their order.
[<Sealed; AllowNullLiteral>]
type private CommitQueue() =
    member val Waiting = LinkedList<TaskCompletionSource>()
    member val IsRetired = false with get, set
    /// What the last one to leave has stored: the next one starts from it.
    member val Latest: SessionRecord voption = ValueNone with get, set
    /// How many in a row started from it.
    member val Streak = 0 with get, set
    /// How many did not, since the queue began.
    member val Detours = 0 with get, set

/// How waiting for a turn ended.
[<RequireQualifiedAccess; Struct; NoComparison>]
type internal Turn =
    /// The record that the one before stored, if it is known. Call Leave afterwards.
    | Entered of SessionRecord voption
    | Full
    | TooLate

/// A queue for each session that has conflicts at the moment. It spans the attempts, not a single store call, and one
/// process: between processes compare-and-swap alone decides.
[<Sealed>]
type internal CommitQueues(isShared: bool) =
    let queues = ConcurrentDictionary<StoreKey, CommitQueue>()

    /// Of a store that no other process writes to.
    new() = CommitQueues false

    /// How many wait behind another one, over all sessions.
    member _.Behind: int =
        queues.Values |> Seq.sumBy (fun queue -> lock queue (fun () -> max 0 (queue.Waiting.Count - 1)))

    /// More than this many waiting for one session is a fault, not a wait.
    static member Longest = 1_000

    /// Whether somebody has the turn, or waits for it.
    member _.IsBusy(key: StoreKey) : bool = not queues.IsEmpty && queues.ContainsKey key

    /// Whoever starts from the newest record gets there before another process, which hears of that record no sooner. So
    /// after this many in a row one starts from what it knew itself, and its detour lets the others in.
    static member private LongestStreak = 8

    /// A process that needs longer for an attempt than a detour takes would still come too late each time, so every fourth
    /// detour is a rest that several attempts fit into. Measured with two processes on one Redis and two cores: without it
    /// some request lost 64 times in a row in one of twelve runs of 4,000.
    static member private DetoursToRest = 4

    static member private Rest = TimeSpan.FromMilliseconds 3.

    /// What the next one starts from, and whether it is to rest before.
    static member private Hand(queue: CommitQueue) : struct (SessionRecord voption * bool) =
        lock queue (fun () ->
            if queue.Latest.IsSome && queue.Streak < CommitQueues.LongestStreak then
                queue.Streak <- queue.Streak + 1
                struct (queue.Latest, false)
            elif queue.Streak = 0 then
                // Nothing is known, after a queue began or a commit failed: that is no streak.
                struct (ValueNone, false)
            else
                queue.Streak <- 0
                queue.Detours <- queue.Detours + 1
                struct (ValueNone, queue.Detours % CommitQueues.DetoursToRest = 0))

    /// Waits for the caller's turn.
    member this.Enter(key: StoreKey, timeout: TimeSpan) : Task<Turn> = this.Enter(key, timeout, CancellationToken.None)

    /// The same, until the token is cancelled: OperationCanceledException.
    member this.Enter(key: StoreKey, timeout: TimeSpan, token: CancellationToken) : Task<Turn> =
        let queue = queues.GetOrAdd(key, (fun _ -> CommitQueue()))
        let turn = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
        let node = LinkedListNode turn

        let entered =
            lock queue (fun () ->
                if queue.IsRetired then
                    ValueNone
                elif queue.Waiting.Count >= CommitQueues.Longest then
                    ValueSome false
                else
                    queue.Waiting.AddLast node

                    if queue.Waiting.Count = 1 then
                        turn.SetResult()

                    ValueSome true)

        match entered with
        | ValueNone -> this.Enter(key, timeout, token)
        | ValueSome false -> Task.FromResult Turn.Full
        | ValueSome true ->
            task {
                try
                    do! turn.Task.WaitAsync(timeout, token)
                    let struct (latest, isToRest) = CommitQueues.Hand queue

                    if isShared && isToRest then
                        do! Task.Delay CommitQueues.Rest

                    return Turn.Entered latest
                with
                | :? TimeoutException ->
                    this.Remove(key, queue, node)
                    return Turn.TooLate
                | :? OperationCanceledException as e ->
                    this.Remove(key, queue, node)
                    ExceptionDispatchInfo.Throw e
                    return Turn.TooLate
            }

    /// The next one's turn; with what this one has stored.
    member this.Leave(key: StoreKey, stored: SessionRecord voption) =
        match queues.TryGetValue key with
        | true, queue ->
            lock queue (fun () -> queue.Latest <- stored)

            match queue.Waiting.First with
            | null -> ()
            | first -> this.Remove(key, queue, first)
        | _ -> ()

    member private _.Remove(key: StoreKey, queue: CommitQueue, node: LinkedListNode<TaskCompletionSource>) =
        lock queue (fun () ->
            let wasFirst = Object.ReferenceEquals(queue.Waiting.First, node)
            queue.Waiting.Remove node

            match queue.Waiting.First with
            | null ->
                queue.IsRetired <- true
                queues.TryRemove key |> ignore
            | first ->
                if wasFirst then
                    first.Value.TrySetResult() |> ignore)
