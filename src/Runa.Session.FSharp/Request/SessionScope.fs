namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

[<AllowNullLiteral>]
type internal IScopeHost =
    inherit IResponseGate
    abstract Context: HttpContext
    abstract Look: name: string -> unit
    abstract IsTooLate: bool
    abstract Watch: unit -> unit
    abstract IsCurrent: bool
    abstract Opened: unit -> unit
    abstract Closed: isStored: bool -> unit

[<RequireQualifiedAccess; Struct>]
type internal ScopeState =
    | Closed
    | Open
    | Ended

[<Sealed>]
type SessionScope internal (host: IScopeHost, home: Home) =
    let work = SessionWork(home, host.Context.Request.Headers.Cookie, host)
    let mutable next: SessionScope | null = null
    let mutable state = ScopeState.Closed
    let mutable inForce: ScopePolicy | null = null
    let mutable tag: objnull = null

    let asItIs (session: Session) = struct (session, ())

    let checkLoaded () =
        if not work.IsLoaded then
            raise (
                InvalidOperationException
                    $"The session \"{work.Definition.Name}\" is not loaded in this request: call SessionScope.Load or Prefetch first."
            )

    let look () =
        checkLoaded ()
        host.Look work.Definition.Name

    let runStep (token: CancellationToken) whenGone (step: Session -> struct (Session * 'R)) =
        if not token.CanBeCanceled then
            work.Step(whenGone, step)
        elif token.IsCancellationRequested then
            ValueTask.FromCanceled<struct ('R * bool)> token
        else
            let step = CancellableStep(token, step)
            Waiting.forStep token step (work.Step(whenGone, step.Step))

    let put (session: Session) =
        work.Put session
        host.Watch()

    member _.Name = work.Definition.Name
    member _.Context = host.Context
    member _.IsLoaded = work.IsLoaded
    member _.IsChanged = work.IsPending
    member _.IsOpen = state = ScopeState.Open
    member _.HasEnded = state = ScopeState.Ended
    member _.IsStepping = work.IsStepping
    member _.IsTooLate = host.IsTooLate
    member _.IsOfRequest = host.IsCurrent
    member _.Uncommitted = work.Uncommitted

    member _.CanCommit(session: Session) : bool =
        host.CanSendCookie
        || (work.IsLoaded && not (work.Home.NeedsCookie(Stepping.plan work.Home work.Snapshot session)))

    member _.Tag
        with get () = tag
        and set (value: objnull) = tag <- value

    member _.Prefetch() : ValueTask =
        let loading = work.Load()

        if loading.IsCompletedSuccessfully then
            ValueTask()
        else
            ValueTask(loading.AsTask())

    member _.Load(cancellationToken: CancellationToken) : ValueTask<Session> =
        host.Look work.Definition.Name

        if not cancellationToken.CanBeCanceled then
            work.Load()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> work.Load().AsTask()))

    member _.Reload(cancellationToken: CancellationToken) : ValueTask<Session> =
        host.Look work.Definition.Name

        if not cancellationToken.CanBeCanceled then
            work.Reload()
        else
            ValueTask<Session>(Waiting.start cancellationToken (fun () -> work.Reload().AsTask()))

    member _.Current: Session =
        look ()
        work.Current

    member _.Show() : Session =
        look ()
        work.Show()

    member _.Step(whenGone: WhenGone, step: Session -> struct (Session * 'R), cancellationToken: CancellationToken) =
        host.Look work.Definition.Name
        runStep cancellationToken whenGone step

    member _.StepOnce(step: Session -> Task<struct (Session * 'R)>) =
        host.Look work.Definition.Name
        work.StepOnce step

    member internal _.Begin(policy: ScopePolicy | null) : ScopeState =
        work.CheckNotStepping()
        let before = state
        state <- ScopeState.Open

        match policy with
        | null -> ()
        | opened -> inForce <- opened

        host.Opened()
        before

    member scope.Open(policy: ScopePolicy | null) : ScopeOpening = new ScopeOpening(scope, scope.Begin policy)

    member internal _.Close(before: ScopeState) =
        let isStored = not work.IsPending
        state <- if before = ScopeState.Open then before else ScopeState.Ended
        work.Discard()
        host.Closed isStored

    member _.IsShown(session: Session) = work.IsShown session
    member internal _.IsOfStepOnce(session: Session) = work.IsOfStepOnce session

    member scope.Set(session: Session) =
        work.CheckNotStepping()
        checkLoaded ()

        if state <> ScopeState.Open then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" cannot be set here, because nothing would commit it: open its scope around this code by SessionScope.Open, or run a step."
            )

        if not (work.IsShown session) then
            raise (
                InvalidOperationException
                    $"The session \"{scope.Name}\" that was set was not made from the current one: after a commit or a change, get the session again, and change that one."
            )

        host.Look work.Definition.Name
        put session

    member _.Leave(session: Session) =
        work.CheckNotStepping()
        look ()
        put session

    member _.Fail(cause: exn) =
        work.Lose cause
        host.Watch()

    member _.Discard() = work.Discard()
    member _.Commit() : Task<bool> = work.Commit()

    member _.CommitNow(cancellationToken: CancellationToken) : Task =
        if cancellationToken.IsCancellationRequested then
            Task.FromCanceled cancellationToken
        elif work.IsPending || not work.IsFree then
            host.Look work.Definition.Name
            (runStep cancellationToken WhenGone.Raise asItIs).AsTask()
        else
            work.Commit()

    member _.BeginStep() = (work :> IStepWatch).BeginStep()
    member _.EndStep(before: int) = (work :> IStepWatch).EndStep before

    member internal _.Work = work

    member internal _.Next
        with get () = next
        and set (value: SessionScope | null) = next <- value

    member internal _.Policy = inForce

    member internal _.CommitUnasked() : Task<bool> =
        let forgives =
            match inForce with
            | null -> null
            | policy -> policy.Forgives

        match forgives with
        | null -> work.Commit()
        | forgives ->
            task {
                try
                    return! work.Commit()
                with e ->
                    if not (forgives.Invoke e) then
                        ExceptionDispatchInfo.Throw e

                    work.Discard()
                    return false
            }

and [<Struct; NoComparison; NoEquality>] ScopeOpening internal (scope: SessionScope, before: ScopeState) =
    member _.Dispose() = scope.Close before

    interface IDisposable with
        member opening.Dispose() = opening.Dispose()
