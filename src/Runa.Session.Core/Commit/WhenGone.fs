namespace Runa.Session

/// What happens to a step whose session ended before the commit: signed out, revoked, expired, or moved to a new id by
/// another request.
[<RequireQualifiedAccess; Struct>]
type WhenGone =
    /// The step runs again on an empty session and may change it. For steps that check the owner themselves.
    | StepAgain
    /// The step runs again on an empty session. If the lost session had an owner and the step changes the empty
    /// session, SessionConflictException is raised: private data would get into a stranger's session.
    | StepAgainUnlessOwned
    /// Like StepAgainUnlessOwned. In addition, SessionConflictException is raised if the response has started, so that
    /// no new session can be created, even if the lost session had no owner.
    | Raise
