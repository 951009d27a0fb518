namespace Runa.Session.TestSupport

open System
open System.Threading.Tasks

/// The calls of a driver.
[<RequireQualifiedAccess>]
type StoreOperation =
    | Load
    | Create
    | Replace
    | Touch
    | Delete
    | List
    | Epoch
    | Advance
    | DeleteAll
    | Count
    | Purge
    | Ping

    member operation.IsWrite =
        match operation with
        | Create
        | Replace
        | Touch
        | Delete
        | Advance
        | DeleteAll -> true
        | Load
        | List
        | Epoch
        | Count
        | Purge
        | Ping -> false

/// What becomes of one call.
[<RequireQualifiedAccess; NoComparison>]
type Behaviour =
    | Pass
    /// Fails, and nothing was done.
    | FailBefore
    /// It is done, and the answer is lost.
    | FailAfter
    /// Never answers, and ignores its cancellation.
    | Hang
    /// Never answers until it is cancelled.
    | HangUntilCancelled
    /// Done once the task has ended.
    | Wait of Task

/// What the drivers here raise.
type StoreDown(operation: StoreOperation) =
    inherit Exception($"The store is down ({operation}).")
