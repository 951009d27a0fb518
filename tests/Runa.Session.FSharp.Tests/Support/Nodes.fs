/// Nodes whose clocks differ, on one store: each node's driver goes by that node's clock (promise 28).
module internal Runa.Session.Tests.Nodes

open System
open System.Threading.Tasks
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport

/// The clock of the node that is asking.
type private AskersClock(first: TimeProvider) =
    inherit TimeProvider()
    member val Asker = first with get, set
    override clock.GetUtcNow() = clock.Asker.GetUtcNow()
    override _.GetTimestamp() = first.GetTimestamp()
    override _.TimestampFrequency = first.TimestampFrequency
    override _.CreateTimer(callback, state, dueTime, period) = first.CreateTimer(callback, state, dueTime, period)

/// One store and its nodes: each a clock, a driver that counts, and the session "web". Nothing is purged.
let nodes (change: SessionSettings -> SessionSettings) (skews: TimeSpan list) =
    let time = clock ()
    let askers = AskersClock time
    let store = { memory askers with PurgeExpired = fun _ -> ValueTask<int> 0 }

    let late = SkewedClock(time, -SessionDriver.clockTolerance - SessionDriver.clockTolerance)

    let node (skew: TimeSpan) =
        let clock = SkewedClock(time, skew)

        let around =
            { new IAround with
                member _.Call operation _ call =
                    // A list has what has ended by the clock of the node that asks, and lives by another's.
                    askers.Asker <- if operation = StoreOperation.List then late else clock
                    call () }

        let driver = TestDriver.Counting(DriverAround.wrap around store)
        clock, driver, Requests.webWith clock driver.Driver change

    time, skews |> List.map node

let minutes (n: float) = TimeSpan.FromMinutes n

/// What two clocks may differ by, and a little more than a tombstone once lived.
let skews = [ minutes -5.; TimeSpan.FromSeconds -130.; TimeSpan.FromSeconds 130.; minutes 5. ]
