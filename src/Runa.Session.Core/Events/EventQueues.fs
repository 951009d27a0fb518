namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// The queues of those who listen: who is slow, or does not answer at all, keeps nothing from the others.
[<Sealed>]
type internal EventQueues(queues: EventQueue list) =
    /// Never waits, and never raises.
    member _.Add(event: SessionEvent) : unit =
        for queue in queues do
            queue.Add event

    /// Finds those who listen now, rather than at the first event.
    member _.Find() : unit =
        for queue in queues do
            queue.Find()

    /// Waits a while until all events have been told.
    member _.Settle(token: CancellationToken) : Task = Task.WhenAll [ for queue in queues -> queue.Settle token ]

    interface IAsyncDisposable with
        /// Waits a while for those who listen.
        member _.DisposeAsync() =
            ValueTask(Task.WhenAll [ for queue in queues -> (queue :> IAsyncDisposable).DisposeAsync().AsTask() ])
