namespace Runa.Session

open System
open System.Threading

/// The time limit of one call to a driver, which all calls that begin at about the same time share.
[<Sealed; AllowNullLiteral>]
type internal CallLimit(timeout: TimeSpan, began: int64) =
    /// How much longer to wait for a driver that writes: one that heeds its cancellation says what became of the write.
    static let grace = TimeSpan.FromMilliseconds 250.
    let source = new CancellationTokenSource(timeout)
    let later = new CancellationTokenSource(timeout + grace)
    member internal _.Began = began
    /// Cancels the driver's work, and ends the wait for what it reads.
    member _.ForDriver = source.Token
    /// Ends the wait for what it writes.
    member _.ForWrites = later.Token
    /// Whether the limit has ended. What follows a call must then leave the thread, on which the limit may be ending other
    /// calls, too, whatever the driver made of its cancellation.
    member _.HasEnded = source.IsCancellationRequested || later.IsCancellationRequested

/// The time limits of calls to a driver. A timer for each call would cost more than many a call itself: calls that begin
/// within a hundredth of the limit share one, so a limit may end later by that much. Neither source is disposed: its timer
/// keeps it until it has run out.
[<Sealed>]
type internal CallLimits(timeout: TimeSpan) =
    let step = max 1L (int64 timeout.TotalMilliseconds / 100L)
    // Registrations of one source take turns. So there are several sources, or threads on many cores would wait for each
    // other.
    let current: CallLimit[] = Array.zeroCreate (min 16 Environment.ProcessorCount)

    member _.Begin() : CallLimit =
        let at = Environment.CurrentManagedThreadId % current.Length
        let now = Environment.TickCount64
        let limit = Volatile.Read &current[at]

        if not (isNull limit) && now - limit.Began < step then
            limit
        else
            let limit = CallLimit(timeout + TimeSpan.FromMilliseconds(float step), now)
            Volatile.Write(&current[at], limit)
            limit
