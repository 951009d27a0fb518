namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Runa

/// Asks one driver whether its store answers.
[<Sealed>]
type internal DriverPing(name: string, driver: SessionDriver) =
    let turn = Lock()
    // The ping that is under way, with the time of its start. A driver that does not answer is not asked again until it
    // does: each call could keep a thread.
    let mutable current: struct (Task * int64) voption = ValueNone

    // On another thread, because a driver may block the one that calls it.
    let start (limit: TimeSpan) : Task =
        let running =
            Task.Run(fun () ->
                task {
                    use source = new CancellationTokenSource(limit)
                    do! driver.Ping source.Token
                }
                :> Task)

        // Nobody may be waiting any more when it fails.
        running.ContinueWith((fun (ended: Task) -> ignore ended.Exception), TaskScheduler.Default) |> ignore
        running

    let join (limit: TimeSpan) : struct (Task * int64) =
        lock turn (fun () ->
            match current with
            | ValueSome(struct (running, _) as joined) when not running.IsCompleted -> joined
            | _ ->
                let begun = struct (start limit, Stopwatch.GetTimestamp())
                current <- ValueSome begun
                begun)

    /// Waits at most for the limit, counted from when the driver was asked. Raises OperationCanceledException only if the
    /// token is cancelled.
    member _.Ask(limit: TimeSpan, token: CancellationToken) : Task<SessionDriverHealth> =
        let answered (since: int64) (error: exn | null) =
            SessionDriverHealth(name, driver.Place.IsStore, Stopwatch.GetElapsedTime since, limit, error)

        task {
            let struct (ping, since) = join limit
            let left = limit - Stopwatch.GetElapsedTime since

            try
                do! ping.WaitAsync((if left > TimeSpan.Zero then left else TimeSpan.Zero), token)
                return answered since null
            with
            | :? OperationCanceledException as e when token.IsCancellationRequested -> return raise e
            // The limit has cancelled the driver's work.
            | :? OperationCanceledException -> return answered since (TimeoutException())
            | e -> return answered since e
        }
