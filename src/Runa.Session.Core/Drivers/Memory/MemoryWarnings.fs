namespace Runa.Session

open System
open System.Threading
open Microsoft.Extensions.Logging

/// What the log is told of evictions: at most one line of a kind each minute, with how many there were since the last.
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

    /// A signed-in user's session was evicted.
    member _.Owned() =
        lock turn (fun () ->
            owned <- owned + 1
            tell ())

    /// A stranger's was, by another stranger's, since signed-in users take all there is.
    member _.Stranger() =
        lock turn (fun () ->
            strangers <- strangers + 1
            tell ())

    /// What has not been told yet.
    member _.Flush() = lock turn tell
