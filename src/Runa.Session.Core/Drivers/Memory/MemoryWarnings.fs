namespace Runa.Session

open System
open System.Threading
open Microsoft.Extensions.Logging

/// Logs evictions: at most one line of each kind a minute, with the number since the last line.
[<Sealed>]
type internal MemoryWarnings(clock: TimeProvider, log: ILogger, maxSessions: int, maxBytes: int64) =
    static let pause = TimeSpan.FromMinutes 1.
    let turn = Lock()
    let mutable owned = 0
    let mutable toldOwned: int64 voption = ValueNone
    let mutable strangers = 0
    let mutable toldStrangers: int64 voption = ValueNone

    let isDue (told: int64 voption) =
        match told with
        | ValueSome at -> clock.GetElapsedTime at >= pause
        | ValueNone -> true

    let tell () =
        if owned > 0 && isDue toldOwned then
            toldOwned <- ValueSome(clock.GetTimestamp())
            Log.evictedOwned log owned maxSessions maxBytes
            owned <- 0

        if strangers > 0 && isDue toldStrangers then
            toldStrangers <- ValueSome(clock.GetTimestamp())
            Log.turnedAway log strangers maxSessions maxBytes
            strangers <- 0

    /// Counts an evicted session of a signed-in user.
    member _.Owned() =
        lock turn (fun () ->
            owned <- owned + 1
            tell ())

    /// Counts an evicted session without an owner, for which signed-in users left no room.
    member _.Stranger() =
        lock turn (fun () ->
            strangers <- strangers + 1
            tell ())

    /// Logs what was not logged yet.
    member _.Flush() = lock turn tell
