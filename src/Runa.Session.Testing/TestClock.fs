namespace Runa.Testing

open System
open System.Threading

/// The system's clock, moved by as much as a test says. Timers are the system's.
[<Sealed>]
type TestClock() =
    inherit TimeProvider()
    let mutable ahead = 0L

    /// How far it is ahead of the system's clock.
    member _.Ahead: TimeSpan = TimeSpan.FromTicks(Volatile.Read &ahead)

    /// Moves it. Raises ArgumentOutOfRangeException for less than zero: sessions do not expect time to go back.
    member _.Advance(by: TimeSpan) : unit =
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero, nameof by)
        Interlocked.Add(&ahead, by.Ticks) |> ignore

    override clock.GetUtcNow() : DateTimeOffset = TimeProvider.System.GetUtcNow() + clock.Ahead
