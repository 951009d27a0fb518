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
    inherit RequestState(context, session)

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
    let mutable isStepping = false
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

    /// A step of C# is running: what it changes elsewhere than in what it is given would be lost.
    member _.IsStepping
        with get () = isStepping
        and set value = isStepping <- value

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
        if this.IsFree then
            // Without the closure: the way of every request.
            this.Take(this.StepNow(whenGone, step))
        else
            this.InTurn(fun () -> this.StepNow(whenGone, step))

    member private this.StepNow
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        this.Expose()
        this.CheckKnown()
        let found = this.Load()

        if found.IsCompletedSuccessfully then
            this.StepOn(found.Result, whenGone, step)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    let! found = found
                    return! this.StepOn(found, whenGone, step)
                }
            )

    member private this.StepOn
        (found: Loaded, whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        let set = this.Pending
        this.Settle(found, set, Attempts.run session this found set whenGone step)

    /// Runs a step that may do I/O, once; on a conflict its changes are merged.
    member this.StepOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        task {
            let! start = this.Load()
            this.CheckKnown()
            let given = this.Show()
            let before = this.Pending
            let! struct (wanted, result) = step given
            Attempts.check given wanted

            if not (isNull this.Pending) && not (Object.ReferenceEquals(this.Pending, before)) then
                raise (
                    InvalidOperationException
                        $"The step for \"{session.Name}\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead."
                )

            while not this.IsFree do
                do! this.Free()

            // The step may have committed something of its own, and with it what was set before.
            let wanted =
                if Object.ReferenceEquals(this.Loaded, start) then
                    wanted
                else
                    Attempts.merge session this.Loaded given (Merge.beyond given wanted)

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

    /// Leaves a session to be committed before the first byte, or at the end of useSession.
    member this.Set(wanted: Session) =
        if not this.IsLoaded then
            raise (this.NotLoaded())

        if not isBound then
            raise (
                InvalidOperationException
                    $"The session \"{session.Name}\" cannot be set here, nothing would commit it: put useSession \"{session.Name}\" before this handler, or use ctx.UpdateSessionAsync."
            )

        if not (Object.ReferenceEquals(wanted.Origin, this.Loaded)) then
            raise (
                InvalidOperationException
                    $"ctx.SetSession was given a session \"{session.Name}\" not made from the one that stands now: call ctx.GetSession again after a commit or ctx.SetSession, and use what it gives."
            )

        this.Leave wanted

    /// As Set, for a session made from Current just now, by whoever knows that it is loaded and bound.
    member this.Leave(wanted: Session) =
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
    member _.Bind() : bool =
        let wasBound = isBound
        isBound <- true
        wasBound

    /// Before Commit was awaited, because an exception passes through, it discards what was not committed.
    member this.Unbind(wasBound: bool) =
        isBound <- wasBound
        hasEnded <- true
        this.Discard()

    interface ICookieGate with
        member _.IsOpen = not context.Response.HasStarted && not (isOfHub context)
