namespace Runa.Session.Tests

open System
open Microsoft.Extensions.Time.Testing

/// The clock of another node, or one that somebody sets: so much ahead of the test's, whose monotonic time it has.
[<Sealed>]
type ShiftedClock(inner: FakeTimeProvider, ahead: TimeSpan) =
    inherit TimeProvider()

    member val Ahead = ahead with get, set

    override clock.GetUtcNow() = inner.GetUtcNow() + clock.Ahead
    override _.GetTimestamp() = inner.GetTimestamp()
    override _.TimestampFrequency = inner.TimestampFrequency
    override _.CreateTimer(callback, state, due, period) = inner.CreateTimer(callback, state, due, period)
