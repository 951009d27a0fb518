namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.ResponseCaching

/// One session name in one request: what was loaded, what was set and not yet committed, and what the browser is to be
/// told. The first of a request leads to the others, and acts for all of them where the response begins.
[<Sealed; AllowNullLiteral>]
type internal RequestSession
    (context: HttpContext, registry: SessionRegistry, session: NamedSession, head: RequestSession) =
    static let starting =
        Func<obj, Task>(fun state ->
            match box state with
            | :? RequestSession as first -> first.OnStarting()
            | _ -> Task.CompletedTask)

    let mutable next: RequestSession = null
    let mutable loaded: Loaded = null
    let mutable pending: Session | null = null
    let mutable cookie = CookieChange.None
    let mutable isBound = false
    // Of the first only.
    let mutable body: CommittingBody | null = null

    let notLoaded () =
        InvalidOperationException
            $"The session \"{session.Name}\" is not loaded in this request: put useSession \"{session.Name}\" before this handler, or use ctx.LoadSessionAsync."

    let settle (stepped: Stepped<'R>) : struct ('R * bool) =
        loaded <- stepped.Loaded
        pending <- null

        match stepped.Cookie with
        | CookieChange.None -> ()
        | change -> cookie <- change

        struct (stepped.Result, stepped.IsWritten)

    let settleLater (stepped: ValueTask<Stepped<'R>>) : ValueTask<struct ('R * bool)> =
        if stepped.IsCompletedSuccessfully then
            ValueTask<struct ('R * bool)>(settle stepped.Result)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    let! stepped = stepped
                    return settle stepped
                }
            )

    member _.Registry = registry
    member _.NamedSession = session
    member _.Name = session.Name

    /// The first of the request; itself, where it is the first.
    member this.First = if isNull head then this else head

    member _.Next
        with get () = next
        and set value = next <- value

    /// Headers are decided when the response starts: by then an error page may have cleared what was set before. The
    /// callback registered first runs last.
    member private this.PrepareResponse() =
        if not context.Response.HasStarted then
            context.Response.OnStarting(starting, Unchecked.nonNull (box this))
            ResponseHeaders.veto context

            // Response caching looks at the headers before OnStarting does.
            if not (isNull (context.Features.Get<IResponseCachingFeature>())) then
                this.WatchBody()

    member private this.Accept(found: Loaded) =
        loaded <- found

        if isNull head then
            this.PrepareResponse()

        found

    /// Loads once; later calls give what stands now.
    member this.Load() : ValueTask<Loaded> =
        if not (isNull loaded) then
            ValueTask<Loaded> loaded
        else
            let found = SessionLifecycle.load session context.Request.Headers.Cookie

            if found.IsCompletedSuccessfully then
                ValueTask<Loaded>(this.Accept found.Result)
            else
                ValueTask<Loaded>(
                    task {
                        let! found = found
                        return this.Accept found
                    }
                )

    /// Loads where no step will follow that could move the idle end.
    member this.LoadAndTouch() : Task<Session> =
        task {
            let isFirst = isNull loaded
            let! found = this.Load()

            if isFirst then
                let! touched = SessionLifecycle.touchIfDue session found
                loaded <- touched

            return this.Current
        }

    member _.Current: Session =
        match pending with
        | null when isNull loaded -> raise (notLoaded ())
        | null -> loaded.Session
        | pending -> pending

    /// Runs a step that can run again, and commits it with what was set before.
    member this.Step(whenGone: WhenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        let found = this.Load()

        if found.IsCompletedSuccessfully then
            settleLater (Attempts.run session this found.Result pending whenGone step)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    let! found = found
                    let! stepped = Attempts.run session this found pending whenGone step
                    return settle stepped
                }
            )

    /// Runs a step that may do I/O, once; on a conflict its changes are merged.
    member this.StepOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        task {
            let! start = this.Load()
            let given = this.Current
            let! struct (wanted, result) = step given
            Attempts.check given wanted

            // The step may have committed something of its own.
            let wanted =
                if Object.ReferenceEquals(loaded, start) then
                    wanted
                else
                    match Merge.onto loaded.Session start.Session wanted with
                    | Ok merged -> merged
                    | Error why ->
                        raise (SessionConflictException $"The session \"{session.Name}\" could not be saved: {why}.")

            let! stepped =
                Attempts.run session this loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                    struct (session, result))

            return settle stepped
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
                    $"ctx.SetSession was given a session \"{session.Name}\" not made from the one that stands now: call ctx.GetSession again after a commit, and use what it gives."
            )

        Attempts.checkGate session this (Commit.plan session.Now session.Settings.IdleTimeout loaded wanted)
        pending <- wanted
        this.First.WatchBody()

    /// Commits what was set; true when more than a touch reached the store.
    member this.Commit() : Task<bool> =
        task {
            match pending with
            | null -> return false
            | wanted ->
                let! stepped =
                    Attempts.run session this loaded wanted WhenGone.StepAgainUnlessOwned (fun session ->
                        struct (session, ()))

                let struct (_, isWritten) = settle stepped
                return isWritten
        }

    /// From now to the disposal of the result, ctx.SetSession works here. Disposed before `Commit` was awaited, because
    /// an exception passes through, it discards what was not committed.
    member this.Bind() : IDisposable =
        let wasBound = isBound
        isBound <- true

        { new IDisposable with
            member _.Dispose() =
                isBound <- wasBound
                pending <- null

                if not wasBound then
                    this.First.UnwatchBody() }

    interface ICookieGate with
        member _.IsOpen = not context.Response.HasStarted

    // The rest acts for all sessions of the request, and is called on the first only.

    member private this.All =
        this |> Seq.unfold (fun request -> if isNull request then None else Some(request, request.Next))

    member private _.Pending = pending
    member private _.Cookie = cookie

    member this.WatchBody() =
        if isNull (box body) then
            match context.Features.Get<IHttpResponseBodyFeature>() with
            | null -> ()
            | inner ->
                let committing = CommittingBody(inner, this)
                body <- committing
                context.Features.Set<IHttpResponseBodyFeature> committing

    member _.UnwatchBody() =
        match body with
        | null -> ()
        | committing when Object.ReferenceEquals(context.Features.Get<IHttpResponseBodyFeature>(), committing) ->
            context.Features.Set<IHttpResponseBodyFeature> committing.Inner
            body <- null
        | _ -> ()

    member private this.CommitAll() : Task =
        task {
            for request in this.All do
                let! _ = request.Commit()
                ()
        }

    interface IBeforeWrite with
        member this.IsDone =
            context.Response.HasStarted && this.All |> Seq.forall (fun request -> isNull (box request.Pending))

        member this.DoAsync() =
            task {
                do! this.CommitAll()

                if not context.Response.HasStarted then
                    ResponseHeaders.apply context (this.SetsCookie())
            }

    member private this.SetsCookie() =
        this.All
        |> Seq.exists (fun request ->
            match request.Cookie with
            | CookieChange.None -> false
            | _ -> true)

    member private _.SendCookie() =
        let isHttps = context.Request.IsHttps
        let send (text: string) = context.Response.Headers.Append("Set-Cookie", text)

        match cookie with
        | CookieChange.None -> ()
        | CookieChange.Expire -> send (session.Cookie.Expire isHttps)
        | CookieChange.Set(token, until) ->
            send (session.Cookie.Set(string token, until - session.Now, isHttps))
            let host = context.Request.Host.Host

            if
                session.IsDevelopment
                && session.Cookie.IsSecure isHttps
                && not isHttps
                && not (ResponseHeaders.isTrusted host)
                && session.Hints.TryGive "insecure"
            then
                Log.secureOverHttp session.Log session.Name host

    member this.OnStarting() : Task =
        task {
            // Only where something wrote past the body feature: a stream taken before the change, a protocol upgrade.
            do! this.CommitAll()

            for request in this.All do
                request.SendCookie()

            ResponseHeaders.apply context (this.SetsCookie())
        }
