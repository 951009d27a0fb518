namespace Runa.Session

open System.Threading
open System.Threading.Tasks

/// The sessions of a request, for callers who may stop waiting. OperationCanceledException says that nothing was saved: a
/// commit that has begun is finished, and waited for (promise 15).
module internal RequestWaiting =
    /// Loads, as LoadAndTouch.
    let load (token: CancellationToken) (request: RequestSession) : ValueTask<Session> =
        if not token.CanBeCanceled then
            request.LoadAndTouch()
        else
            ValueTask<Session>(Waiting.start token (fun () -> request.LoadAndTouch().AsTask()))

    /// Loads again.
    let reload (token: CancellationToken) (request: RequestSession) : ValueTask<Session> =
        if not token.CanBeCanceled then
            request.Reload()
        else
            ValueTask<Session>(Waiting.start token (fun () -> request.Reload().AsTask()))

    /// Runs a step and commits it.
    let step
        (token: CancellationToken)
        (whenGone: WhenGone)
        (step: Session -> struct (Session * 'R))
        (request: RequestSession)
        : ValueTask<struct ('R * bool)> =
        if not token.CanBeCanceled then
            request.Step(whenGone, step)
        elif token.IsCancellationRequested then
            ValueTask.FromCanceled<struct ('R * bool)> token
        else
            let step = CancellableStep(token, step)
            Waiting.forStep token step (request.Step(whenGone, step.Step))

    let private asItIs (session: Session) = struct (session, ())

    /// Commits what was set, for a caller who asked for it: whatever cannot be saved is told.
    let commit (token: CancellationToken) (request: RequestSession) : Task =
        if token.IsCancellationRequested then
            Task.FromCanceled token
        elif request.IsPending || not request.IsFree then
            (step token WhenGone.Tell asItIs request).AsTask()
        else
            request.Commit()
