namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Logging

/// The purges of one driver, never two at once (promise 11).
[<Sealed>]
type internal DriverPurge(driver: SessionDriver, log: ILogger) =
    // A driver that ignores its cancellation keeps nobody from stopping for longer.
    static let grace = TimeSpan.FromSeconds 10.
    let turn = new SemaphoreSlim 1
    let stop = new CancellationTokenSource()

    let purge (token: CancellationToken) : Task<int> =
        task {
            try
                return! driver.PurgeExpired token
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

    /// The timer's: one that finds another at work leaves it at that. What goes wrong is logged, and tried again by the
    /// next one.
    member _.Tick() : unit =
        if not stop.IsCancellationRequested && turn.Wait 0 then
            purgeByTimer () |> ignore

    /// A caller's: it waits for its turn, and raises what the driver raises.
    member _.Run(token: CancellationToken) : Task<int> =
        task {
            use either = CancellationTokenSource.CreateLinkedTokenSource(token, stop.Token)
            do! turn.WaitAsync either.Token
            return! purge either.Token
        }

    /// Cancels what is at work, and waits for its end. There are no more afterwards.
    member _.Stop() : Task =
        task {
            do! stop.CancelAsync()
            let! isOver = turn.WaitAsync grace

            if isOver then
                turn.Release() |> ignore
        }
