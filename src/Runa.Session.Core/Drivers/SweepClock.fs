namespace Runa

open System
open System.Threading
open Runa.Session

/// The time by which a driver's PurgeExpired deletes (promise 28). It is the application's clock, unless that clock
/// jumped more than SessionDriver.clockTolerance ahead of its own timestamps (TimeProvider.GetTimestamp). So a clock
/// that is set three hours ahead by mistake, and then back, deletes nothing; one that stays ahead is believed after six
/// hours. A driver creates one when it is opened, and keeps it. Safe to share.
[<Sealed>]
type SweepClock(clock: TimeProvider) =
    static let patience = TimeSpan.FromHours 6.

    let start = clock.GetTimestamp()
    let turn = Lock()
    // What the clock would have shown at `start` if it had never jumped.
    let mutable origin = clock.GetUtcNow().UtcTicks
    let mutable aheadSince: TimeSpan voption = ValueNone

    /// The time to compare ends with: SessionRecord.isPurgeable sweep.Now record.
    member _.Now: DateTimeOffset =
        lock turn (fun () ->
            let elapsed = clock.GetElapsedTime start
            let wall = clock.GetUtcNow()
            let expected = origin + elapsed.Ticks
            let isAhead = wall.UtcTicks - expected > SessionRecord.clockTolerance.Ticks

            match aheadSince with
            | ValueNone when isAhead ->
                aheadSince <- ValueSome elapsed
                DateTimeOffset(expected, TimeSpan.Zero)
            | ValueSome since when isAhead && elapsed - since < patience -> DateTimeOffset(expected, TimeSpan.Zero)
            | _ ->
                aheadSince <- ValueNone
                origin <- wall.UtcTicks - elapsed.Ticks
                wall)

namespace Runa.Session

/// The time by which a driver's PurgeExpired deletes, which a clock that jumps ahead does not move at once. A driver
/// creates one when it is opened, and keeps it.
type SweepClock = Runa.SweepClock
