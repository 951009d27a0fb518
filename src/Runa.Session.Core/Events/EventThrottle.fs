namespace Runa.Session

open System
open System.Threading

/// Lets one event a second pass, with the number of those that were held back before it. For what strangers can cause as often
/// as they like.
[<Sealed>]
type internal EventThrottle() =
    static let pause = 1_000L
    let mutable held = 0
    let mutable last = Int64.MinValue / 2L

    /// The number to tell now; 0: none.
    member _.Add(number: int, now: int64) : int =
        let total = Interlocked.Add(&held, number)
        let before = Volatile.Read &last

        if total > 0 && now - before >= pause && Interlocked.CompareExchange(&last, now, before) = before then
            Interlocked.Exchange(&held, 0)
        else
            0

    /// The number of those that are held back, which are then told.
    member _.Rest() : int = Interlocked.Exchange(&held, 0)
