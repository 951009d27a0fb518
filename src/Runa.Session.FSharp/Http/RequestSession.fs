namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.SignalR

/// One session name in one request: its steps and commits.
[<Sealed; AllowNullLiteral>]
type internal RequestSession(context: HttpContext, session: NamedSession) =
    inherit RequestStepping(context, session)

    /// SignalR without WebSockets calls hubs in a copy of a request that has been answered: its response says that it has
    /// not started, and goes nowhere.
    static let isOfHub (context: HttpContext) =
        (context.Features.Get<IHttpResponseFeature>() :? HttpResponseFeature)
        && (match context.GetEndpoint() with
            | null -> false
            | endpoint -> not (isNull (endpoint.Metadata.GetMetadata<HubMetadata>())))

    let mutable next: RequestSession = null
    let mutable isBound = false
    let mutable hasEnded = false
    // What the run-once step that began last was given.
    let mutable once: SessionOrigin = null
    let mutable face: objnull = null
    let mutable forgives: Func<exn, bool> | null = null
    let mutable body: CommittingBody = null

    /// The first session that a request asked for, or null. A context made from another one's features has sessions of its
    /// own.
    static member FirstOf(context: HttpContext) : RequestSession =
        match context.Features.Get<RequestSession>() with
        | null -> null
        | first when Object.ReferenceEquals(first.Context, context) -> first
        | _ -> null

    /// The next session of the same request.
    member _.Next
        with get () = next
        and set value = next <- value

    /// It is behind useSession.
    member _.IsBound = isBound

    /// It was behind useSession, which has ended.
    member _.HasEnded = hasEnded && not isBound

    /// What other languages know it by: one object a request, kept here by whoever makes it.
    member _.Face
        with get () = face
        and set value = face <- value

    /// Of the first session of a request: what commits before the first byte, while it is in place or once was.
    member _.Body
        with get () = body
        and set value = body <- value

    /// Asked about what a commit raises that no caller asked for; true: the change is dropped and nothing is raised.
    member _.Forgives
        with get () = forgives
        and set value = forgives <- value

    /// Runs a step that can run again, and commits it with what was set before.
    member this.Step(whenGone: WhenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        if not this.IsAnyStepping && this.IsFree then
            // Without the closure: the way of every request.
            this.Take(this.StepNow(whenGone, step))
        else
            this.StepLater(whenGone, step)

    member private this.StepLater
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        this.CheckNotStepping()

        if not this.IsAnyStepping then
            this.InTurn(fun () -> this.StepNow(whenGone, step))
        else
            ValueTask<struct ('R * bool)>(
                task {
                    do! this.StepEnded()
                    return! this.InTurn(fun () -> this.StepNow(whenGone, step))
                }
            )

    member private this.StepNow
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        this.CheckKnown()
        let found = this.Load()

        if found.IsCompletedSuccessfully then
            this.StepOn(whenGone, step)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    let! _ = found
                    return! this.StepOn(whenGone, step)
                }
            )

    member private this.StepOn
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        let set = this.Pending
        let struct (from, given) = this.Give()
        let pending = if isNull set then null else given
        this.Settle(from, set, Attempts.run session this from pending whenGone step)

    /// Runs a step that may do I/O, once; on a conflict its changes are merged.
    member this.StepOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        this.CheckNotStepping()

        task {
            let! start = this.Load()
            this.CheckKnown()
            let struct (_, given) = this.Give()
            once <- given.Origin
            let before = this.Pending
            let! struct (wanted, result) = step given
            Attempts.check given wanted

            if this.IsSetSince before then
                raise (this.SetInStep())

            while not this.IsFree do
                do! this.Free()

            let wanted = this.Carry(start, given, wanted)

            return!
                this.Take(
                    this.Settle(
                        this.Loaded,
                        this.Pending,
                        Attempts.run session this this.Loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                            struct (session, result))
                    )
                )
        }

    member private _.SetInStep() : exn =
        InvalidOperationException
            $"The step for \"{session.Name}\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead."

    /// Leaves a session to be committed before the first byte, or at the end of useSession.
    member this.Set(wanted: Session) =
        this.CheckNotStepping()

        if not this.IsLoaded then
            raise (this.NotLoaded())

        if not isBound then
            raise (
                InvalidOperationException
                    $"The session \"{session.Name}\" cannot be set here, nothing would commit it: put useSession \"{session.Name}\" before this handler, or use ctx.UpdateSessionAsync."
            )

        if not (this.IsShown wanted) then
            if Object.ReferenceEquals(wanted.Origin, once) then
                raise (this.SetInStep())

            raise (
                InvalidOperationException
                    $"ctx.SetSession was given a session \"{session.Name}\" not made from the one that stands now: call ctx.GetSession again after a commit or ctx.SetSession, and use what it gives."
            )

        this.Leave wanted

    /// As Set, for a session made from Current just now, by whoever knows that it is loaded and bound.
    member this.Leave(wanted: Session) =
        this.CheckNotStepping()

        if not (this :> ICookieGate).IsOpen then
            Attempts.checkGate
                session
                this
                this.Loaded
                (Commit.plan session.Now session.Settings.IdleTimeout this.Loaded wanted)

        this.Put wanted

    member private this.CommitNow() : ValueTask<bool> =
        this.CheckKnown()

        match this.Pending with
        | null -> ValueTask<bool> false
        | wanted ->
            let committed =
                Attempts.run session this this.Loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                    struct (session, ()))

            let settled = this.Settle(this.Loaded, wanted, committed)

            if settled.IsCompletedSuccessfully then
                let struct ((), isWritten) = settled.Result
                ValueTask<bool> isWritten
            else
                ValueTask<bool>(
                    task {
                        let! struct ((), isWritten) = settled
                        return isWritten
                    }
                )

    /// Commits what was set; true when more than a touch reached the store.
    member this.Commit() : Task<bool> =
        try
            this.CheckNotStepping()

            if not this.IsFree then this.InTurn(fun () -> this.CommitNow()).AsTask()
            elif this.IsPending then this.Take(this.CommitNow()).AsTask()
            else Task.FromResult false
        with e ->
            Task.FromException<bool> e

    /// As Commit, where no caller asked for it, and what it raises may be forgiven.
    member this.CommitUnasked() : Task<bool> =
        if isNull forgives then
            this.Commit()
        else
            task {
                try
                    return! this.Commit()
                with e ->
                    if isNull forgives || not (forgives.Invoke e) then
                        ExceptionDispatchInfo.Throw e

                    this.Discard()
                    return false
            }

    /// From now to Unbind, ctx.SetSession works here. Answers whether it did already.
    member this.Bind() : bool =
        this.CheckNotStepping()
        let wasBound = isBound
        isBound <- true
        wasBound

    /// Before Commit was awaited, because an exception passes through, it discards what was not committed.
    member this.Unbind(wasBound: bool) =
        isBound <- wasBound
        hasEnded <- true
        this.Discard()

    /// As LoadAgain. Raises InvalidOperationException inside of a step, too.
    member this.Reload() : ValueTask<Session> =
        this.CheckNotStepping()
        this.LoadAgain()

    interface ICookieGate with
        member _.IsOpen = not context.Response.HasStarted && not (isOfHub context)
        member this.BeginStep() = this.BeginStep()
        member this.EndStep before = this.EndStep before
