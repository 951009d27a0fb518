namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// Runs the purges of one driver, never two at once (promise 11).
[<Sealed>]
type internal DriverPurge(driver: SessionDriver, log: ILogger, events: DriverEvents) =
    // How long Stop waits for a driver that ignores cancellation.
    static let grace = TimeSpan.FromSeconds 10.
    let turn = new SemaphoreSlim 1
    let stop = new CancellationTokenSource()
    let mutable evicted = 0L

    /// Tells of the users whose sessions the driver evicted since the last time.
    let tellEvicted () : unit =
        try
            match driver.Usage with
            | ValueSome usage ->
                let now = usage().EvictedUsers
                events.Evicted(int (now - evicted))
                evicted <- now
            | ValueNone -> ()
        with _ ->
            // The instruments show the failure.
            ()

    let purge (token: CancellationToken) : Task<int> =
        task {
            try
                tellEvicted ()
                let! purged = driver.PurgeExpired token
                events.Expired purged
                return purged
            finally
                turn.Release() |> ignore
        }

    let purgeByTimer () : Task =
        task {
            try
                let! _ = purge stop.Token
                ()
            with
            | :? OperationCanceledException when stop.IsCancellationRequested -> ()
            | e -> Log.purgeFailed log driver.Name e
        }

    member _.Driver = driver

    /// Called by the timer. Does nothing if a purge is running. A failure is logged, and the next tick tries again.
    member _.Tick() : unit =
        if not stop.IsCancellationRequested && turn.Wait 0 then
            purgeByTimer () |> ignore

    /// Called by an application. Waits for its turn, and raises what the driver raises.
    member _.Run(token: CancellationToken) : Task<int> =
        task {
            use either = CancellationTokenSource.CreateLinkedTokenSource(token, stop.Token)
            do! turn.WaitAsync either.Token
            return! purge either.Token
        }

    /// Cancels a running purge, waits for its end, and prevents others.
    member _.Stop() : Task =
        task {
            do! stop.CancelAsync()
            let! isOver = turn.WaitAsync grace

            if isOver then
                turn.Release() |> ignore
        }
