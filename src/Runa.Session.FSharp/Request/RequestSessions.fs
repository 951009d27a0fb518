namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.ResponseCaching

/// The sessions of a request, and their effect on its response. It is one of the request's features, not a scoped
/// service: re-executed pipelines and error pages have scopes of their own.
[<Sealed; AllowNullLiteral>]
type internal RequestSessions(context: HttpContext, given: SessionRegistry | null) =
    let mutable offers: SessionOffer | null = null
    let mutable first: SessionScope | null = null
    let mutable stage = Stage.Untouched
    let mutable body: CommittingBody = null

    static let starting =
        Func<obj, Task>(fun state ->
            match box state with
            | :? RequestSessions as sessions -> sessions.OnStarting()
            | _ -> Task.CompletedTask)

    static let rec exists (holds: SessionScope -> bool) (scope: SessionScope | null) =
        match scope with
        | null -> false
        | scope -> holds scope || exists holds scope.Next

    let rec tryFind (name: string) (scope: SessionScope | null) : SessionScope | null =
        match scope with
        | null -> null
        | scope when scope.Name = name -> scope
        | scope -> tryFind name scope.Next

    let registry () =
        match given with
        | null -> RequestFacts.registry context
        | given -> given

    /// The request's sessions, or null. A context that was made from another one's features has its own.
    static member TryOf(context: HttpContext) : RequestSessions =
        match context.Features.Get<RequestSessions>() with
        | null -> null
        | sessions when Object.ReferenceEquals(sessions.Context, context) -> sessions
        | _ -> null

    /// Whether the request has ended: the features of its context are gone, or belong to another request.
    member private sessions.HasEnded =
        try
            match context.Features.Get<RequestSessions>() with
            | null -> true
            | now -> not (Object.ReferenceEquals(now, sessions)) && Object.ReferenceEquals(now.Context, context)
        with :? ObjectDisposedException ->
            true

    static member private Begin(context: HttpContext, registry: SessionRegistry | null) : RequestSessions =
        let sessions = RequestSessions(context, registry)
        context.Features.Set<RequestSessions> sessions
        sessions

    /// The request's sessions. Creates them if the request has none.
    static member Of(context: HttpContext) : RequestSessions =
        match RequestSessions.TryOf context with
        | null -> RequestSessions.Begin(context, null)
        | sessions -> sessions

    /// The request's sessions. Uses this registry if the request has none in its features.
    static member Of(context: HttpContext, registry: SessionRegistry) : RequestSessions =
        match RequestSessions.TryOf context with
        | null ->
            match context.Features.Get<SessionRegistry>() with
            | null -> RequestSessions.Begin(context, registry)
            | own -> RequestSessions.Begin(context, own)
        | sessions -> sessions

    /// Whether any context of the request looked at a session.
    static member AreLookedAt(context: HttpContext) : bool =
        match context.Features.Get<RequestSessions>() with
        | null -> false
        | sessions -> sessions.IsLookedAt

    member _.Context = context
    member _.IsLookedAt = (stage = Stage.LookedAt)

    member private sessions.Add(name: string) : SessionScope =
        let scope = SessionScope(sessions, registry().Find name)
        scope.Next <- first
        first <- scope

        match offers with
        | null -> ()
        | offer -> offer.Open scope

        scope

    /// The scope of a session. Raises InvalidOperationException for a name that is not registered.
    member sessions.Find(name: string) : SessionScope =
        match tryFind name first with
        | null -> sessions.Add name
        | scope -> scope

    /// Offers a session; see SessionOffer.
    member sessions.Offer(name: string, policy: Func<ScopePolicy> | null) : SessionOffer =
        sessions.Listen()
        let offer = new SessionOffer(sessions, name, policy, offers)
        offers <- offer

        if not (isNull first) then
            offer.Open(sessions.Find name)

        offer

    member private _.All: SessionScope list =
        let rec from (scope: SessionScope | null) =
            match scope with
            | null -> []
            | scope -> scope :: from scope.Next

        from first |> List.rev

    member private _.IsPending = exists _.IsChanged first

    /// Whether the response sets or expires the cookie of a session.
    member _.SetsCookie =
        first
        |> exists (fun scope ->
            match scope.Work.Cookie with
            | CookieChange.None -> false
            | _ -> true)

    member private sessions.CommitAll() : Task =
        task {
            for scope in sessions.All do
                let! _ = scope.CommitUnasked()
                ()
        }

    member private sessions.ApplyHeaders() =
        if sessions.IsLookedAt then
            ResponseHeaders.apply context sessions.SetsCookie

    member private sessions.SendAll() =
        SessionCookies.sendAll first
        sessions.ApplyHeaders()

    member private sessions.OnStarting() : Task =
        if sessions.IsPending then
            // Only if something bypassed the body feature: a stream taken before the change, or a protocol upgrade.
            task {
                do! sessions.CommitAll()
                sessions.SendAll()
            }
        else
            sessions.SendAll()
            Task.CompletedTask

    /// Registers the callback that sets headers when the response starts: an error page may clear what was set earlier.
    /// Callbacks run in reverse order; this one is registered before the handler's, so it sees their changes.
    member private sessions.Listen() =
        if stage = Stage.Untouched && not context.Response.HasStarted then
            stage <- Stage.Listening
            context.Response.OnStarting(starting, Unchecked.nonNull (box sessions))

    member private sessions.Prepare() =
        ResponseHeaders.veto context

        if not context.Response.HasStarted then
            sessions.Listen()

            // Response caching reads the headers before OnStarting; for an empty body, when the handler has ended.
            if not (isNull (context.Features.Get<IResponseCachingFeature>())) then
                ResponseHeaders.apply context false
                PrivateResponse.Guard context.Features
                sessions.WatchBody()
            elif registry().MeetsResponseCaching then
                // Response caching is not outside this middleware, but may be inside it.
                ResponseHeaders.uncache context.Request

    member private sessions.WatchBody() =
        match CommittingBody.Watch(context.Features, sessions) with
        | null -> ()
        | watching -> body <- watching

    /// Releases the bytes that were held back, or discards them if the change was not stored. When the last scope of
    /// the request closes, removes the body feature if it is still the outermost.
    member private sessions.UnwatchBody(isStored: bool) =
        let features = context.Features

        match body with
        | null -> ()
        | committing ->
            if not isStored || not sessions.IsPending then
                committing.EndHolding isStored

            // If the response has no body, response caching reads its headers before OnStarting.
            if not context.Response.HasStarted && not (isNull (features.Get<IResponseCachingFeature>())) then
                sessions.ApplyHeaders()

            if not (exists _.IsOpen first) then
                committing.Unwatch features

    /// Whether a first look would come too late (promise 20): the response has started without being private. A look by
    /// any context of the request counts for all of them.
    member sessions.IsTooLate =
        context.Response.HasStarted
        && not sessions.IsLookedAt
        && not (RequestSessions.AreLookedAt context)
        && not (ResponseHeaders.isKeptPrivate context)

    /// Makes the response private at the first look. Raises InvalidOperationException if that comes too late.
    member sessions.Look(name: string) =
        if not sessions.IsLookedAt then
            if sessions.HasEnded then
                raise (RequestFacts.ended name)

            if sessions.IsTooLate then
                raise (RequestFacts.tooLate name)

            sessions.Prepare()
            stage <- Stage.LookedAt

    interface IOfferHost with
        member _.Context = context
        member sessions.HasEnded = sessions.HasEnded
        member sessions.Find name = sessions.Find name

    interface IScopeHost with
        member _.Context = context
        member _.CanSendCookie = not context.Response.HasStarted && not (RequestFacts.isOfHub context)
        member sessions.Look name = sessions.Look name
        member sessions.IsTooLate = sessions.IsTooLate
        member sessions.IsCurrent = Object.ReferenceEquals(RequestSessions.TryOf context, sessions)
        member sessions.Opened() = sessions.Listen()
        member sessions.Watch() = sessions.WatchBody()
        member sessions.Closed isStored = sessions.UnwatchBody isStored

    interface IBeforeWrite with
        member sessions.IsDone = context.Response.HasStarted && not sessions.IsPending
        member sessions.IsPending = sessions.IsPending

        member sessions.DoAsync() =
            task {
                do! sessions.CommitAll()

                if not context.Response.HasStarted then
                    sessions.ApplyHeaders()
            }
