namespace Runa.Session

/// What becomes of a step whose session ended before it could be committed: signed out, revoked, expired, or moved to a new
/// id by another request.
[<RequireQualifiedAccess; Struct>]
type WhenGone =
    /// The step runs again on the empty session, whatever it does there: for steps that ask for the owner themselves.
    | StepAgain
    /// The step runs again on the empty session. If the lost session had an owner it must not change that one, or
    /// SessionConflictException is raised: what is private would land in a stranger's session.
    | StepAgainUnlessOwned
    /// As StepAgainUnlessOwned; and where no new session can be made any more, as the response has started,
    /// SessionConflictException is raised whosever the lost session was.
    | Raise
