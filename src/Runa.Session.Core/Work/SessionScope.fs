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
    // It keeps home and host, so the scope takes them from there instead of keeping them twice.
    let work = SessionWork(home, host)
    let mutable state = ScopeState.Closed
    let mutable inForce: ScopePolicy | null = null
    let mutable tag: objnull = null

    static let asItIs (session: Session) = struct (session, ())

    member private scope.CheckLoaded() =
        if not work.IsLoaded then
            raise (Misuse.notLoaded scope.Name)

    member private scope.Look() = work.Host.Look scope.Name

    member private scope.LookLoaded() =
        scope.CheckLoaded()
        scope.Look()

    member private scope.RunStep(token: CancellationToken, whenGone, step: Session -> struct (Session * 'R)) =
        if not token.CanBeCanceled then
            work.Step(whenGone, step)
        elif token.IsCancellationRequested then
            ValueTask.FromCanceled<struct ('R * bool)> token
        else
            let step = CancellableStep(token, step)
            Waiting.forStep token step (work.Step(whenGone, step.Step))

    member private scope.PutAndWatch(session: Session) =
        work.Put session
        work.Host.Watch()

    member scope.Name = work.Definition.Name
    member scope.IsLoaded = work.IsLoaded
    member scope.IsChanged = work.IsPending
    member _.IsOpen = state = ScopeState.Open
    member _.HasEnded = state = ScopeState.Ended
    member scope.IsStepping = work.IsStepping
    member scope.IsTooLate = work.Host.IsTooLate
    member scope.IsOfRequest = work.Host.IsCurrent
    member scope.Uncommitted = work.Uncommitted

    member scope.CanCommit(session: Session) : bool =
        work.Host.CanSendCookie
        || (work.IsLoaded && not (work.Home.NeedsCookie(Stepping.plan work.Home work.Snapshot session)))

    member _.Tag
        with get () = tag
        and set (value: objnull) = tag <- value

    member scope.Prefetch() : ValueTask =
        let loading = work.Load()

        if loading.IsCompletedSuccessfully then
            ValueTask()
        else
            ValueTask(loading.AsTask())

    member scope.Load(cancellationToken: CancellationToken) : ValueTask<Session> =
        scope.Look()

        if not cancellationToken.CanBeCanceled then
            work.Load()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> work.Load().AsTask()))

    member scope.Peek() : ValueTask<Session> = work.Fetch true |> ValueTasks.map _.Session

    member scope.Reload(cancellationToken: CancellationToken) : ValueTask<Session> =
        scope.Look()

        if not cancellationToken.CanBeCanceled then
            work.Reload()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> work.Reload().AsTask()))

    member scope.Current: Session =
        scope.LookLoaded()
        work.Current

    member scope.Show() : Session =
        scope.LookLoaded()
        work.Show()

    member scope.Step
        (whenGone: WhenGone, step: Session -> struct (Session * 'R), cancellationToken: CancellationToken)
        =
        scope.Look()
        scope.RunStep(cancellationToken, whenGone, step)

    member scope.StepOnce(step: Session -> Task<struct (Session * 'R)>) =
        scope.Look()
        work.StepOnce step

    member scope.Open(policy: ScopePolicy | null) : ScopeOpening =
        work.CheckNotStepping()
        let before = state
        state <- ScopeState.Open

        match policy with
        | null -> ()
        | opened -> inForce <- opened

        work.Host.Opened()
        new ScopeOpening(scope, before)

    member internal scope.Close(before: ScopeState) =
        let isStored = not work.IsPending
        state <- if before = ScopeState.Open then before else ScopeState.Ended

        if not isStored then
            work.Discard()

        work.Host.Closed isStored

    member scope.IsShown(session: Session) = work.IsShown session

    member scope.Set(session: Session) =
        work.CheckNotStepping()
        scope.CheckLoaded()

        if state <> ScopeState.Open then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" cannot be set here, because nothing would commit it: open its scope around this code by SessionScope.Open, or run a step."
            )

        if not (work.IsShown session) then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" that was set was not made from the current one: after a commit or a change, get the session again (ctx.GetSession, SessionScope.Show), and change that one."
            )

        scope.Look()
        scope.PutAndWatch session

    member scope.Leave(session: Session) =
        work.CheckNotStepping()
        scope.LookLoaded()
        scope.PutAndWatch session

    member scope.Fail(cause: exn) =
        work.Fail cause
        work.Host.Watch()

    member scope.Discard() = work.Discard()
    member scope.Commit() : Task<bool> = work.Commit()

    member scope.CommitNow(cancellationToken: CancellationToken) : Task =
        if cancellationToken.IsCancellationRequested then
            Task.FromCanceled cancellationToken
        elif work.IsPending || not work.IsFree then
            scope.Look()
            scope.RunStep(cancellationToken, WhenGone.Raise, asItIs).AsTask()
        else
            work.Commit()

    member scope.BeginStep() = (work :> IStepWatch).BeginStep()
    member scope.EndStep(before: int) = (work :> IStepWatch).EndStep before
    member internal _.Policy = inForce
    member internal _.Work = work
    member internal _.Host = work.Host

and [<Struct; NoComparison; NoEquality>] ScopeOpening internal (scope: SessionScope, before: ScopeState) =
    member _.Scope: SessionScope | null = scope

    member _.Dispose() =
        if not (isNull (box scope)) then
            scope.Close before

    interface IDisposable with
        member opening.Dispose() = opening.Dispose()
