namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Runa.Session.Hosting

type internal ScopeState =
    | Closed = 0
    | Open = 1
    | Ended = 2

[<Sealed>]
type SessionScope internal (home: Home, host: IScopeHost) =
    inherit SessionWork(home, host)
    let mutable state = ScopeState.Closed
    let mutable inForce: ScopePolicy | null = null
    let mutable tag: objnull = null

    static let asItIs (session: Session) = struct (session, ())

    member private scope.CheckLoaded() =
        if not scope.HasLoaded then
            raise (Misuse.notLoaded scope.Name)

    member private scope.Look() = scope.Host.Look scope.Name

    member private scope.LookLoaded() =
        scope.CheckLoaded()
        scope.Look()

    member private scope.RunStep(token: CancellationToken, whenGone, step: Session -> struct (Session * 'R)) =
        if not token.CanBeCanceled then
            scope.Stepping(whenGone, step)
        elif token.IsCancellationRequested then
            ValueTask.FromCanceled<struct ('R * bool)> token
        else
            let step = CancellableStep(token, step)
            Waiting.forStep token step (scope.Stepping(whenGone, step.Step))

    member private scope.PutAndWatch(session: Session) =
        scope.Put session
        scope.Host.Watch()

    member scope.Name = scope.Definition.Name
    member scope.IsLoaded = scope.HasLoaded
    member scope.IsChanged = scope.IsPending
    member _.IsOpen = state = ScopeState.Open
    member _.HasEnded = state = ScopeState.Ended
    member scope.IsStepping = scope.IsInStep
    member scope.IsTooLate = scope.Host.IsTooLate
    member scope.IsOfRequest = scope.Host.IsCurrent
    member scope.Uncommitted = scope.LeftOver

    member scope.CanCommit(session: Session) : bool =
        scope.Host.CanSendCookie
        || (scope.HasLoaded && not (scope.Home.NeedsCookie(Stepping.plan scope.Home scope.Snapshot session)))

    member _.Tag
        with get () = tag
        and set (value: objnull) = tag <- value

    member scope.Prefetch() : ValueTask =
        let loading = scope.Loading()

        if loading.IsCompletedSuccessfully then
            ValueTask()
        else
            ValueTask(loading.AsTask())

    member scope.Load(cancellationToken: CancellationToken) : ValueTask<Session> =
        scope.Look()

        if not cancellationToken.CanBeCanceled then
            scope.Loading()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> scope.Loading().AsTask()))

    member scope.Reload(cancellationToken: CancellationToken) : ValueTask<Session> =
        scope.Look()

        if not cancellationToken.CanBeCanceled then
            scope.Reloading()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> scope.Reloading().AsTask()))

    member scope.Current: Session =
        scope.LookLoaded()
        scope.Now

    member scope.Show() : Session =
        scope.LookLoaded()
        scope.ShowNow()

    member scope.Step
        (whenGone: WhenGone, step: Session -> struct (Session * 'R), cancellationToken: CancellationToken)
        =
        scope.Look()
        scope.RunStep(cancellationToken, whenGone, step)

    member scope.StepOnce(step: Session -> Task<struct (Session * 'R)>) =
        scope.Look()
        scope.SteppingOnce step

    member scope.Open(policy: ScopePolicy | null) : ScopeOpening =
        scope.CheckNotStepping()
        let before = state
        state <- ScopeState.Open

        match policy with
        | null -> ()
        | opened -> inForce <- opened

        scope.Host.Opened()
        new ScopeOpening(scope, before)

    member internal scope.Close(before: ScopeState) =
        let isStored = not scope.IsPending
        state <- if before = ScopeState.Open then before else ScopeState.Ended
        scope.Drop()
        scope.Host.Closed isStored

    member scope.IsShown(session: Session) = scope.WasShown session

    member scope.Set(session: Session) =
        scope.CheckNotStepping()
        scope.CheckLoaded()

        if state <> ScopeState.Open then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" cannot be set here, because nothing would commit it: open its scope around this code by SessionScope.Open, or run a step."
            )

        if not (scope.WasShown session) then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" that was set was not made from the current one: after a commit or a change, get the session again, and change that one."
            )

        scope.Look()
        scope.PutAndWatch session

    member scope.Leave(session: Session) =
        scope.CheckNotStepping()
        scope.LookLoaded()
        scope.PutAndWatch session

    member scope.Fail(cause: exn) =
        scope.Lose cause
        scope.Host.Watch()

    member scope.Discard() = scope.Drop()
    member scope.Commit() : Task<bool> = scope.Committing()

    member scope.CommitNow(cancellationToken: CancellationToken) : Task =
        if cancellationToken.IsCancellationRequested then
            Task.FromCanceled cancellationToken
        elif scope.IsPending || not scope.IsFree then
            scope.Look()
            scope.RunStep(cancellationToken, WhenGone.Raise, asItIs).AsTask()
        else
            scope.Committing()

    member scope.BeginStep() = (scope :> IStepWatch).BeginStep()
    member scope.EndStep(before: int) = (scope :> IStepWatch).EndStep before
    member internal _.Policy = inForce

and [<Struct; NoComparison; NoEquality>] ScopeOpening internal (scope: SessionScope, before: ScopeState) =
    member _.Scope: SessionScope | null = scope

    member _.Dispose() =
        if not (isNull (box scope)) then
            scope.Close before

    interface IDisposable with
        member opening.Dispose() = opening.Dispose()
