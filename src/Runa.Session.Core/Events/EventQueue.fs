namespace Runa.Session

open System
open System.Threading
open System.Threading.Channels
open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// Hands events to those who listen, one after another, outside the requests. If they are too slow, the queue is full, and
/// further events are dropped and counted.
[<Sealed>]
type internal EventQueue
    (listeners: unit -> (SessionEvent -> CancellationToken -> ValueTask) list, log: ILogger, telemetry: Telemetry) =
    static let capacity = 10_000
    // How long an application that stops waits for those who listen.
    static let grace = TimeSpan.FromSeconds 5.
    // How often dropped events are logged.
    static let sayEvery = TimeSpan.FromMinutes 1.

    let stop = new CancellationTokenSource()
    let mutable dropped = 0
    let mutable said = 0L

    let say () =
        match Interlocked.Exchange(&dropped, 0) with
        | 0 -> ()
        | count -> Log.eventsDropped log count

    /// Says how many were dropped since the last time, if that is long enough ago.
    let sayIfDue () =
        let now = Environment.TickCount64
        let before = Volatile.Read &said

        if
            (before = 0L || now - before >= int64 sayEvery.TotalMilliseconds)
            && Interlocked.CompareExchange(&said, now, before) = before
        then
            say ()

    let drop () =
        telemetry.EventsDropped.Add 1L
        Interlocked.Increment &dropped |> ignore
        sayIfDue ()

    // Not made with the registry, which those who listen may themselves need.
    let listening = lazy (listeners ())

    let queue =
        Channel.CreateBounded<SessionEvent>(
            BoundedChannelOptions(capacity, FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true),
            fun _ -> drop ()
        )

    let tell (listener: SessionEvent -> CancellationToken -> ValueTask) (event: SessionEvent) : Task =
        task {
            try
                do! listener event stop.Token
            with
            | :? OperationCanceledException when stop.IsCancellationRequested -> ()
            | e -> Log.eventFailed log (string event.Kind) e
        }

    let mutable isTelling = false

    let read () : Task =
        task {
            while! queue.Reader.WaitToReadAsync() do
                let mutable event = Unchecked.defaultof<SessionEvent>
                Volatile.Write(&isTelling, true)

                while queue.Reader.TryRead &event do
                    for listener in listening.Value do
                        do! tell listener event

                    // Those that were dropped since the last line, even if none is dropped any more.
                    if Volatile.Read &dropped > 0 then
                        sayIfDue ()

                Volatile.Write(&isTelling, false)
        }

    let reading =
        // Nothing of the thread that builds the registry flows to those who listen.
        use _ = ExecutionContext.SuppressFlow()
        Task.Run(Func<Task> read)

    /// Never waits, and never raises.
    member _.Add(event: SessionEvent) : unit = queue.Writer.TryWrite event |> ignore

    /// Finds those who listen now, rather than at the first event.
    member _.Find() : unit = listening.Force() |> ignore

    /// Waits a while until all events have been told.
    member _.Settle(token: CancellationToken) : Task =
        task {
            let since = Environment.TickCount64

            // In this order: an event that has left the queue is being told.
            while (queue.Reader.Count > 0 || Volatile.Read &isTelling)
                  && Environment.TickCount64 - since < int64 grace.TotalMilliseconds do
                do! Task.Delay(10, token)
        }

    interface IAsyncDisposable with
        /// Waits a while for those who listen. Then says how many events were dropped since the last line.
        member _.DisposeAsync() =
            ValueTask(
                task {
                    queue.Writer.TryComplete() |> ignore
                    let! first = Task.WhenAny(reading, Task.Delay grace)

                    if not (Object.ReferenceEquals(first, reading)) then
                        do! stop.CancelAsync()

                    say ()
                }
            )
