namespace Runa.Session

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Requests of one session that met a conflict. They wait here and go one by one, in order.
[<Sealed; AllowNullLiteral>]
type private CommitQueue() =
    member val Waiting = LinkedList<TaskCompletionSource>()
    member val IsRetired = false with get, set
    /// The record that the last request to leave has stored. The next one starts from it.
    member val Latest: SessionRecord voption = ValueNone with get, set
    /// How many requests in a row started from the previous one's record.
    member val Streak = 0 with get, set
    /// How many requests did not, since the queue was created.
    member val Detours = 0 with get, set

/// How the wait for a turn ended.
[<RequireQualifiedAccess; Struct; NoComparison>]
type internal Turn =
    /// It is the caller's turn, with the record that the previous request stored, if known. The caller must call Leave.
    | Entered of SessionRecord voption
    | Full
    | TooLate

/// One queue for each session that has conflicts at the moment. A request keeps its turn over all its attempts. Queues
/// work within one process; between processes compare-and-swap alone decides.
[<Sealed>]
type internal CommitQueues(isShared: bool) =
    let queues = ConcurrentDictionary<StoreKey, CommitQueue>()
    // How many requests have a turn, or wait for one. A dictionary takes all its locks to say that it is empty.
    let mutable inside = 0

    /// Queues for a store to which no other process writes. For tests.
    new() = CommitQueues false

    /// How many requests of all sessions wait behind another one. For tests.
    member _.Behind: int =
        queues.Values |> Seq.sumBy (fun queue -> lock queue (fun () -> max 0 (queue.Waiting.Count - 1)))

    /// How many requests may wait for one session. One more is refused.
    static member Longest = 1_000

    /// Whether a request has the turn of this session, or waits for it.
    member _.IsBusy(key: StoreKey) : bool = Volatile.Read &inside > 0 && queues.ContainsKey key

    /// How many requests in a row start from the previous one's record. Such a request is always faster than another
    /// process, which learns of that record later. So the next request starts from the record that it knows itself,
    /// which lets other processes in.
    static member private LongestStreak = 8

    /// How often such a detour comes with a rest. A process whose attempts take longer than a detour would still be too
    /// late each time; a rest leaves time for several attempts. Measured with two processes on one Redis and two cores:
    /// without rests, some request lost 64 times in a row in one of twelve runs of 4,000.
    static member private DetoursToRest = 4

    static member private Rest = TimeSpan.FromMilliseconds 3.

    /// The record from which the next request starts, and whether it rests before.
    static member private Hand(queue: CommitQueue) : struct (SessionRecord voption * bool) =
        lock queue (fun () ->
            if queue.Latest.IsSome && queue.Streak < CommitQueues.LongestStreak then
                queue.Streak <- queue.Streak + 1
                struct (queue.Latest, false)
            elif queue.Streak = 0 then
                // No record is known yet, or the last commit failed: there is no streak to break.
                struct (ValueNone, false)
            else
                queue.Streak <- 0
                queue.Detours <- queue.Detours + 1
                struct (ValueNone, queue.Detours % CommitQueues.DetoursToRest = 0))

    /// Waits for the caller's turn, at most for the timeout. For tests.
    member this.Enter(key: StoreKey, timeout: TimeSpan) : Task<Turn> = this.Enter(key, timeout, CancellationToken.None)

    /// Waits for the caller's turn, at most for the timeout. Raises OperationCanceledException if the token is
    /// cancelled while it waits.
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
                    Interlocked.Increment &inside |> ignore

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

    /// Ends the caller's turn, and hands the record that it stored to the next request.
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
            Interlocked.Decrement &inside |> ignore

            match queue.Waiting.First with
            | null ->
                queue.IsRetired <- true
                queues.TryRemove key |> ignore
            | first ->
                if wasFirst then
                    first.Value.TrySetResult() |> ignore)
