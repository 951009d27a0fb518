namespace Runa.Session

open System
open System.Threading

/// The time by which a sweep deletes (promise 28): the application's clock, unless that jumped ahead of the monotonic one. A
/// clock that is set three hours ahead by mistake, and back, has then deleted nothing. One that stays ahead is believed after a while.
[<Sealed>]
type internal SweepClock(clock: TimeProvider) =
    static let patience = TimeSpan.FromHours 6.

    let start = clock.GetTimestamp()
    let turn = Lock()
    // What the clock would say at `start`, had it never jumped.
    let mutable origin = clock.GetUtcNow().UtcTicks
    let mutable aheadSince: TimeSpan voption = ValueNone

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
