namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// What one request knows of one session: what was loaded, and what was set since and is not committed yet.
[<AbstractClass; AllowNullLiteral>]
type internal RequestState(context: HttpContext, session: NamedSession) =
    // Kept: when this request has ended, servers use its context for somebody else's.
    let cookies = context.Request.Headers.Cookie
    let mutable loaded: Loaded = null
    let mutable pending: Session | null = null
    let mutable cookie = CookieChange.None
    let mutable turns = Turns()
    // Sessions made from `loaded` itself were given out: to a step, or to a caller.
    let mutable isOut = false
    // What the sessions that may come back by Set are made from. Null: none was given out since the last change.
    let mutable shown: Loaded = null
    // What every commit raises from now on: a change was lost since nothing could be loaded, or nobody knows whether the
    // pending one was saved, and trying again could save it twice.
    let mutable fault: exn | null = null

    /// Promise 12: what is set twice is set; what is counted or queued twice is not the same.
    let addsUp (wanted: Session) =
        not wanted.Change.Replays.IsEmpty
        || wanted.State.Flashes |> List.exists (fun flash -> flash.Id = 0L)

    let stand (now: Loaded) =
        loaded <- now
        isOut <- false

    /// `set` is what was committed, or part of it; null: nothing was set before, and `from` is what was loaded then.
    let settle (from: Loaded) (set: Session | null) (stepped: Stepped<'R>) : struct ('R * bool) =
        stepped.Loaded.LookBackTo from.Since

        if stepped.IsWritten || not (Given.standsAs from stepped.Loaded) then
            stand stepped.Loaded
            shown <- null
        elif not (Object.ReferenceEquals(stepped.Loaded, from)) then
            // Touched. What was shown may still come back: no handler can know whether a touch is due.
            stand stepped.Loaded

        match pending, set with
        | null, _ -> ()
        | now, NonNull set when Given.isOne now set -> pending <- null
        // Set while the commit was under way: that is still to be committed.
        | now, set ->
            let start =
                match set with
                | null -> from.Session
                | set -> set

            pending <- Attempts.merge session loaded start (Merge.beyond start now)

        match stepped.Cookie with
        | CookieChange.None -> ()
        | change -> cookie <- change

        struct (stepped.Result, stepped.IsWritten)

    member _.Context = context
    member _.NamedSession = session
    member _.Name = session.Name

    /// What the response is to say to the browser.
    member _.Cookie = cookie

    /// What was set and is not committed yet: the session, or why it can never be. Null: nothing.
    member _.Uncommitted: objnull = if isNull pending then box fault else box pending

    /// Something was set and is not committed yet.
    member _.IsPending = not (isNull pending && isNull fault)

    /// It was loaded in this request.
    member _.IsLoaded = not (isNull loaded)

    /// What was loaded, or null.
    member _.Loaded = loaded

    /// What was set and is not committed yet, or null.
    member _.Pending = pending

    /// Nothing of this session is under way.
    member _.IsFree = turns.IsFree

    /// When nothing is under way.
    member _.Free() : Task = turns.Free()

    /// This is under way now.
    member _.Take(running: ValueTask<'T>) : ValueTask<'T> = turns.Take running

    /// When it is its turn.
    member _.InTurn<'T>(work: unit -> ValueTask<'T>) : ValueTask<'T> =
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

    /// Raises what every commit raises from now on, if there is something.
    member _.CheckKnown() =
        match fault with
        | null -> ()
        | e -> ExceptionDispatchInfo.Throw e

    member _.NotLoaded() =
        InvalidOperationException
            $"The session \"{session.Name}\" is not loaded in this request: put useSession \"{session.Name}\" before this handler, or use ctx.LoadSessionAsync."

    /// Takes over what a commit came to. Where nobody knows whether what had been set was saved, no commit of this request
    /// tries again.
    member _.Settle
        (from: Loaded, set: Session | null, stepped: ValueTask<Stepped<'R>>)
        : ValueTask<struct ('R * bool)> =
        if stepped.IsCompletedSuccessfully then
            ValueTask<struct ('R * bool)>(settle from set stepped.Result)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    try
                        let! stepped = stepped
                        return settle from set stepped
                    with :? SessionStoreException as e when
                        e.MayHaveBeenSaved
                        && (match set with
                            | null -> false
                            | set -> addsUp set) ->
                        fault <- e
                        ExceptionDispatchInfo.Throw e
                        return Unchecked.defaultof<_>
                }
            )

    /// Leaves a session to be committed.
    member _.Put(wanted: Session) =
        // A second change made from the session that this one was made from would undo this one.
        if isOut then
            stand (loaded.Again())

        shown <- null
        pending <- Given.on loaded wanted

    /// A change was asked for that cannot be made, as the session could not be loaded: the commit is to raise it, so that
    /// no answer says that it was saved (promise 14).
    member _.Lose(e: exn) =
        if isNull fault then
            fault <- e

    /// Discards what was not committed.
    member _.Discard() =
        pending <- null
        fault <- null

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
    member this.LoadAgain() : ValueTask<Session> =
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
                    stand touched
                    shown <- null
                    return this.Current
                }
            ))

    /// The session as it stands, with what was set.
    member this.Current: Session =
        match pending with
        | null when isNull loaded -> raise (this.NotLoaded())
        | null -> loaded.Session
        | pending -> pending

    /// What a step starts from: the current session, made from a load that nobody was given before. So a session that was
    /// given out to somebody else never comes back from this step, whatever happens in between: it is refused always, and
    /// not only where another request or a touch came in between.
    member this.Give() : struct (Loaded * Session) =
        let current = this.Current

        if isOut then
            let own = loaded.Again()
            struct (own, (if isNull pending then own.Session else Given.on own current))
        else
            isOut <- true
            struct (loaded, current)

    /// The current session, for a caller who may bring it back by Set.
    member this.Show() : Session =
        if isNull shown then
            let current = this.Current

            if isOut then
                stand (loaded.Again())

                if not (isNull pending) then
                    pending <- Given.on loaded current

            isOut <- true
            shown <- loaded

        match pending with
        | null -> shown.Session
        | pending -> pending

    /// Whether it was made from what Show gives now.
    member _.IsShown(wanted: Session) = not (isNull shown) && Object.ReferenceEquals(wanted.Origin, shown)

    /// What a run-once step made of `given`, carried over to what stands now; `start` stood when it began. The step may have
    /// committed something of its own, and with it what was set before.
    member _.Carry(start: Loaded, given: Session, wanted: Session) : Session =
        loaded.LookBackTo start.Since

        if Given.standsAs start loaded then
            Given.on loaded wanted
        else
            Attempts.merge session loaded given (Merge.beyond given wanted)

    /// Whether something else than this was set since.
    member _.IsSetSince(before: Session | null) =
        match pending, before with
        | null, _ -> false
        | _, null -> true
        | now, before -> not (Given.isOne now before)
