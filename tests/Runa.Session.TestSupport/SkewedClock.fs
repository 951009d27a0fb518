namespace Runa.Session.TestSupport

open System

/// Ahead of another clock, or behind it.
type SkewedClock(inner: TimeProvider, skew: TimeSpan) =
    inherit TimeProvider()
    /// Can be changed at any time: the clock jumps.
    member val Skew = skew with get, set
    override clock.GetUtcNow() = inner.GetUtcNow() + clock.Skew
    override _.GetTimestamp() = inner.GetTimestamp()
    override _.TimestampFrequency = inner.TimestampFrequency
    override _.CreateTimer(callback, state, dueTime, period) = inner.CreateTimer(callback, state, dueTime, period)
