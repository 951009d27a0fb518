namespace Runa

open System

/// How one driver answered a ping.
[<Sealed>]
type SessionDriverHealth
    internal (driver: string, isStore: bool, duration: TimeSpan, limit: TimeSpan, error: exn | null) =
    /// The name by which the settings of sessions choose the driver.
    member _.Driver: string = driver

    /// Whether the sessions of this driver live in a store outside this process, which can be down.
    member _.IsStore: bool = isStore

    /// How long it took to answer, or to fail, in milliseconds.
    member _.Milliseconds: float = Math.Round(duration.TotalMilliseconds, 1)

    /// Whether the driver answered.
    member _.IsUp: bool = isNull error

    /// Whether the driver answered, but took more than half of its time limit.
    member _.IsSlow: bool = isNull error && duration > limit / 2.

    /// What failed: that there was no answer in time, or the type of the driver's exception. It contains nothing that the
    /// exception says, which may name servers and users. Null: the driver answered.
    member _.Failure: string | null =
        match error with
        | null -> null
        // Those of drivers, which may have limits of their own, are of a type that derives from it.
        | error when error.GetType() = typeof<TimeoutException> -> $"no answer within {limit.TotalSeconds} s"
        | error -> error.GetType().Name

    /// The exception of the driver, for logs. Null: the driver answered.
    [<System.Text.Json.Serialization.JsonIgnore>]
    member _.Error: exn | null = error

    override health.ToString() =
        match health.Failure with
        | null when health.IsSlow -> $"{driver}: slow, {health.Milliseconds} ms"
        | null -> $"{driver}: {health.Milliseconds} ms"
        | failure -> $"{driver}: down, {failure}"
