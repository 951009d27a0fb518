namespace Runa.Session

open System.Threading.Tasks

/// Work to do before the first byte of a response.
[<AllowNullLiteral>]
type internal IBeforeWrite =
    /// Whether there is nothing left to do.
    abstract IsDone: bool
    /// Whether a change is still to be stored, which may fail.
    abstract IsPending: bool
    abstract DoAsync: unit -> Task
