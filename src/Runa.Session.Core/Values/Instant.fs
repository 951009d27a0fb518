namespace Runa.Session

open System

/// Compares points in time without boxing: F#'s operators go through IComparable, which allocates 64 bytes each time.
module internal Instant =
    /// Whether `a` is `b` or earlier.
    let isUntil (b: DateTimeOffset) (a: DateTimeOffset) = a.UtcTicks <= b.UtcTicks

    let isBefore (b: DateTimeOffset) (a: DateTimeOffset) = a.UtcTicks < b.UtcTicks

    let earlier (a: DateTimeOffset) (b: DateTimeOffset) = if isUntil b a then a else b
