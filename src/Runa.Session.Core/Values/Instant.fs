namespace Runa.Session

open System

/// Points in time, compared without boxing: F#'s operators go through IComparable here, twice 32 bytes each time.
module internal Instant =
    /// `a` is `b`, or earlier.
    let isUntil (b: DateTimeOffset) (a: DateTimeOffset) = a.UtcTicks <= b.UtcTicks

    let isBefore (b: DateTimeOffset) (a: DateTimeOffset) = a.UtcTicks < b.UtcTicks

    let earlier (a: DateTimeOffset) (b: DateTimeOffset) = if isUntil b a then a else b
