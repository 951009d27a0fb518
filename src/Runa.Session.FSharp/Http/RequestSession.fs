namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.SignalR

/// One session name in one request: what was loaded, what was set and not yet committed, and what the browser is to be
/// told.
[<Sealed; AllowNullLiteral>]
type internal RequestSession(context: HttpContext, session: NamedSession) =
    /// SignalR without WebSockets calls hubs in a copy of a request that has been answered: its response says that it has
    /// not started, and goes nowhere.
    static let isOfHub (context: HttpContext) =
        (context.Features.Get<IHttpResponseFeature>() :? HttpResponseFeature)
        && (match context.GetEndpoint() with
            | null -> false
            | endpoint -> not (isNull (endpoint.Metadata.GetMetadata<HubMetadata>())))

    // Kept: when this request has ended, servers use its context for somebody else's.
    let cookies = context.Request.Headers.Cookie
    let mutable next: RequestSession = null
    let mutable loaded: Loaded = null
    let mutable pending: Session | null = null
    let mutable cookie = CookieChange.None
    let mutable isBound = false
    let mutable turns = Turns()
    let mutable face: objnull = null
    let mutable forgives: Func<exn, bool> | null = null
    let mutable body: CommittingBody = null
    let mutable isShown = false
    let mutable isStepping = false
    // What every commit raises from now on: a change was lost since nothing could be loaded, or nobody knows whether the
    // pending one was saved, and trying again could save it twice.
    let mutable fault: exn | null = null

    /// Promise 12: what is set twice is set; what is counted or queued twice is not the same.
    let addsUp (wanted: Session) =
        not wanted.Change.Replays.IsEmpty
        || wanted.State.Flashes |> List.exists (fun flash -> flash.Id = 0L)

    let checkKnown () =
        match fault with
        | null -> ()
        | e -> ExceptionDispatchInfo.Throw e

    let notLoaded () =
        InvalidOperationException
            $"The session \"{session.Name}\" is not loaded in this request: put useSession \"{session.Name}\" before this handler, or use ctx.LoadSessionAsync."

    /// `start`: what was committed had been made from it, or was it.
    let settle (start: Session) (stepped: Stepped<'R>) : struct ('R * bool) =
        loaded <- stepped.Loaded

        match pending with
        | null -> ()
        | now when Object.ReferenceEquals(now, start) -> pending <- null
        // Set while the commit was under way: that is still to be committed.
        | now -> pending <- Attempts.merge session loaded start (Merge.beyond start now)

        match stepped.Cookie with
        | CookieChange.None -> ()
        | change -> cookie <- change

        struct (stepped.Result, stepped.IsWritten)

    /// Where nobody knows whether what was set before the step was saved with it, no commit of this request tries again.
    let settleLater (start: Session) (isSet: bool) (stepped: ValueTask<Stepped<'R>>) : ValueTask<struct ('R * bool)> =
        if stepped.IsCompletedSuccessfully then
            ValueTask<struct ('R * bool)>(settle start stepped.Result)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    try
                        let! stepped = stepped
                        return settle start stepped
                    with :? SessionStoreException as e when e.MayHaveBeenSaved && isSet && addsUp start ->
                        fault <- e
                        ExceptionDispatchInfo.Throw e
                        return Unchecked.defaultof<_>
                }
            )

    member _.Context = context
    member _.NamedSession = session
    member _.Name = session.Name

    /// The next session of the same request.
    member _.Next
        with get () = next
        and set value = next <- value

    /// What the response is to say to the browser.
    member _.Cookie = cookie

    /// What was set and is not committed yet: the session, or why it can never be. Null: nothing.
    member _.Uncommitted: objnull = if isNull pending then box fault else box pending

    /// Something was set and is not committed yet.
    member _.IsPending = not (isNull pending && isNull fault)

    /// It is behind useSession.
    member _.IsBound = isBound

    /// It was loaded in this request.
    member _.IsLoaded = not (isNull loaded)

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

    /// Loads once; later calls give what stands now.
    member _.Load() : ValueTask<Loaded> =
        if not (isNull loaded) then
            ValueTask<Loaded> loaded
        else
            let found = SessionLifecycle.load session cookies

            if found.IsCompletedSuccessfully then
                loaded <- found.Result
                ValueTask<Loaded> loaded
            else
                ValueTask<Loaded>(
                    task {
                        let! found = found

                        // Another load may have been quicker, and something done to what it found.
                        if isNull loaded then
                            loaded <- found

                        return loaded
                    }
                )

    /// Loads where no step will follow that could move the idle end.
    member this.LoadAndTouch() : ValueTask<Session> =
        if not (isNull loaded) then
            ValueTask<Session> this.Current
        else
            let found = this.Load()

            if found.IsCompletedSuccessfully && not (SessionLifecycle.isTouchDue session found.Result) then
                ValueTask<Session> this.Current
            else
                ValueTask<Session>(
                    task {
                        let! found = found
                        let! touched = SessionLifecycle.touchIfDue session found

                        if Object.ReferenceEquals(loaded, found) then
                            loaded <- touched

                        return this.Current
                    }
                )

    /// Loads again, for what outlives what it loaded: a stream, a socket. Raises InvalidOperationException where something
    /// was set and is not committed yet.
    member this.Reload() : ValueTask<Session> =
        let check () =
            if not (isNull pending) then
                raise (
                    InvalidOperationException
                        $"The session \"{session.Name}\" has changes that are not committed: loading it again would lose them. Commit first."
                )

        this.InTurn(fun () ->
            check ()

            ValueTask<Session>(
                task {
                    let! found = SessionLifecycle.load session cookies
                    let! touched = SessionLifecycle.touchIfDue session found
                    check ()
                    loaded <- touched
                    return this.Current
                }
            ))

    member private _.InTurn<'T>(work: unit -> ValueTask<'T>) : ValueTask<'T> =
        if turns.IsFree then
            turns.Take(work ())
        else
            let free = turns.Free()

            turns.Take(
                ValueTask<'T>(
                    task {
                        do! free
                        return! work ()
                    }
                )
            )

    /// The session as it stands, with what was set.
    member _.Current: Session =
        match pending with
        | null when isNull loaded -> raise (notLoaded ())
        | null -> loaded.Session
        | pending -> pending

    /// Current, given out: a session made from it may come back by Set.
    member this.Show() : Session =
        isShown <- true
        this.Current

    /// Runs a step that can run again, and commits it with what was set before.
    member this.Step(whenGone: WhenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        if turns.IsFree then
            // Without the closure: the way of every request.
            turns.Take(this.StepNow(whenGone, step))
        else
            this.InTurn(fun () -> this.StepNow(whenGone, step))

    member private this.StepNow
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        isShown <- true
        checkKnown ()
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
        let set = pending

        let start =
            match set with
            | null -> found.Session
            | set -> set

        settleLater start (not (isNull set)) (Attempts.run session this found set whenGone step)

    /// Runs a step that may do I/O, once; on a conflict its changes are merged.
    member this.StepOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        task {
            let! start = this.Load()
            checkKnown ()
            let given = this.Show()
            let before = pending
            let! struct (wanted, result) = step given
            Attempts.check given wanted

            if not (isNull pending) && not (Object.ReferenceEquals(pending, before)) then
                raise (
                    InvalidOperationException
                        $"The step for \"{session.Name}\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead."
                )

            while not turns.IsFree do
                do! turns.Free()

            // The step may have committed something of its own, and with it what was set before.
            let wanted =
                if Object.ReferenceEquals(loaded, start) then
                    wanted
                else
                    Attempts.merge session loaded given (Merge.beyond given wanted)

            let start =
                match pending with
                | null -> wanted
                | set -> set

            return!
                turns.Take(
                    settleLater
                        start
                        (not (isNull pending))
                        (Attempts.run session this loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                            struct (session, result)))
                )
        }

    /// Leaves a session to be committed before the first byte, or at the end of useSession.
    member this.Set(wanted: Session) =
        if isNull loaded then
            raise (notLoaded ())

        if not isBound then
            raise (
                InvalidOperationException
                    $"The session \"{session.Name}\" cannot be set here, nothing would commit it: put useSession \"{session.Name}\" before this handler, or use ctx.UpdateSessionAsync."
            )

        if not (Object.ReferenceEquals(wanted.Origin, loaded)) then
            raise (
                InvalidOperationException
                    $"ctx.SetSession was given a session \"{session.Name}\" not made from the one that stands now: call ctx.GetSession again after a commit or ctx.SetSession, and use what it gives."
            )

        this.Leave wanted

    /// As Set, for a session made from Current just now, by whoever knows that it is loaded and bound.
    member this.Leave(wanted: Session) =
        if not (this :> ICookieGate).IsOpen then
            Attempts.checkGate session this (Commit.plan session.Now session.Settings.IdleTimeout loaded wanted)

        if isShown then
            // A second change made from the session that this one was made from would undo this one.
            loaded <- loaded.Again()
            pending <- Session(loaded, wanted.State, wanted.Change)
        else
            pending <- wanted

    /// A change was asked for that cannot be made, as the session could not be loaded: the commit is to raise it, so that
    /// no answer says that it was saved (promise 14).
    member _.Lose(e: exn) =
        if isNull fault then
            fault <- e

    member private this.CommitNow() : ValueTask<bool> =
        checkKnown ()

        match pending with
        | null -> ValueTask<bool> false
        | wanted ->
            let committed =
                Attempts.run session this loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                    struct (session, ()))

            ValueTask<bool>(
                task {
                    let! struct ((), isWritten) = settleLater wanted true committed
                    return isWritten
                }
            )

    /// Commits what was set; true when more than a touch reached the store.
    member this.Commit() : Task<bool> =
        if turns.IsFree && not this.IsPending then
            Task.FromResult false
        else
            task { return! this.InTurn(fun () -> this.CommitNow()) }

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

                    pending <- null
                    fault <- null
                    return false
            }

    /// From now to Unbind, ctx.SetSession works here. Answers whether it did already.
    member _.Bind() : bool =
        let wasBound = isBound
        isBound <- true
        wasBound

    /// Before Commit was awaited, because an exception passes through, it discards what was not committed.
    member _.Unbind(wasBound: bool) =
        isBound <- wasBound
        pending <- null
        fault <- null

    interface ICookieGate with
        member _.IsOpen = not context.Response.HasStarted && not (isOfHub context)
