namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Runa.Session.Hosting

/// The sessions of a request, and their effect on its response. It is one of the request's features, not a scoped
/// service: re-executed pipelines and error pages have scopes of their own.
[<Sealed>]
type internal RequestSessions(context: HttpContext, given: SessionHost | null, others: RequestSessions | null) =
    let mutable host = given
    let mutable offers = Unchecked.defaultof<OfferList>
    let mutable scopes = Unchecked.defaultof<ScopeList>
    let mutable response = ResponseState()
    let mutable arrival = RequestArrival()

    static let starting =
        Func<obj, Task>(fun state ->
            match box state with
            | :? RequestSessions as sessions -> sessions.OnStarting()
            | _ -> Task.CompletedTask)

    static let rec among (sessions: RequestSessions | null) (context: HttpContext) : RequestSessions | null =
        match sessions with
        | null -> null
        | sessions when Object.ReferenceEquals(sessions.Context, context) -> sessions
        | sessions -> among sessions.Others context

    static let rec areLookedAt (sessions: RequestSessions | null) =
        match sessions with
        | null -> false
        | sessions -> sessions.IsLookedAt || areLookedAt sessions.Others

    /// The request's sessions, or null. A context that was made from another one's features has its own beside those.
    static member TryOf(context: HttpContext) : RequestSessions | null =
        among (Features.tryGet<RequestSessions> context.Features) context

    /// Whether the request has ended: the features of its context are gone, or belong to another request.
    member private sessions.HasEnded =
        try
            not (Object.ReferenceEquals(RequestSessions.TryOf context, sessions))
        with :? ObjectDisposedException ->
            true

    /// Begins the sessions of a request. It may have them already, from a middleware that asked for one before the
    /// library's first middleware, or that runs the pipeline again. Without a host, it is found when a session is asked
    /// for.
    static member Begin(context: HttpContext, host: SessionHost | null) : RequestSessions =
        let others = Features.tryGet<RequestSessions> context.Features

        match among others context with
        | null ->
            let sessions = RequestSessions(context, host, others)
            Features.set<RequestSessions> context.Features sessions
            if SessionHost.NeedsArrival host then
                sessions.Arrived |> ignore

            sessions
        | sessions -> sessions

    /// The request's sessions. Creates them if the request has none.
    static member Of(context: HttpContext) : RequestSessions = RequestSessions.Begin(context, null)

    /// The request's sessions. Uses this registry if the request has no host.
    static member Of(context: HttpContext, registry: SessionRegistry) : RequestSessions =
        match Features.tryGet<RequestSessions> context.Features with
        | null -> RequestSessions.Begin(context, SessionHost.Unwatched registry)
        | _ -> RequestSessions.Of context

    /// Whether any context of the request looked at a session.
    static member AreLookedAt(context: HttpContext) : bool =
        areLookedAt (Features.tryGet<RequestSessions> context.Features)

    member _.Context = context
    /// Those of other contexts with the same features.
    member private _.Others = others

    member private _.Host: SessionHost =
        match host with
        | null ->
            let found =
                match others with
                | null -> RequestFacts.host context
                | others -> others.Host

            host <- found
            found
        | host -> host
    member _.IsLookedAt = response.Stage = Stage.LookedAt

    /// Without the library's first middleware, a request arrives when it first asks. Other contexts of it know better.
    member private sessions.Arrived: DateTimeOffset =
        match others with
        | null -> arrival.At(context, sessions.Host)
        | others -> others.Arrived

    member private sessions.Add(name: string) : SessionScope =
        let scope = HostedRegistry.scope name sessions sessions.Host.Registry
        scopes.Add scope

        offers.Open(sessions, scope)
        scope

    /// The scope of a session. Raises InvalidOperationException for a name that is not registered.
    member sessions.Find(name: string) : SessionScope =
        match scopes.TryFind name with
        | null -> sessions.Add name
        | scope -> scope

    /// Begins an offer; see OfferList.
    member sessions.Enter(offered: OfferedSession) : SessionOffer | null =
        sessions.Listen()
        offers.Enter(sessions, offered, scopes.TryFind offered.Name)

    member _.Changed(offer: SessionOffer | null) : SessionScope | null = offers.Changed offer
    member _.Leave(offer: SessionOffer | null) = offers.Leave offer

    /// Offers a session; see SessionOffer.
    member sessions.Offer(offered: OfferedSession, policy: Func<ScopePolicy> | null) : SessionOffer =
        sessions.Listen()
        offers.Add(sessions, offered, policy, scopes.TryFind offered.Name)

    member private _.IsPending = scopes.Exists(fun scope -> scope.IsChanged)

    /// Whether the response sets or expires the cookie of a session.
    member _.SetsCookie = scopes.Exists(fun scope -> HostedScopes.setsCookie scope)

    member private sessions.CommitAll() : Task =
        task {
            for scope in scopes.All do
                let! _ = HostedScopes.commitUnasked scope
                ()
        }

    member private sessions.ApplyHeaders() =
        if sessions.IsLookedAt then
            ResponseHeaders.apply context.Response.Headers sessions.SetsCookie
            FrameworkCaches.veto sessions.Host context

    member private sessions.SendAll() =
        scopes.Each(fun scope -> SessionCookies.send context scope)
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
        if response.Stage = Stage.Untouched && not context.Response.HasStarted then
            response.Stage <- Stage.Listening
            context.Response.OnStarting(starting, Unchecked.nonNull (box sessions))

    member private sessions.Prepare() =
        sessions.Listen()

        if FrameworkCaches.meet sessions.Host context then
            sessions.WatchBody()

    member private sessions.WatchBody() =
        match CommittingBody.Watch(context.Features, sessions) with
        | null -> ()
        | watching -> response.Body <- watching

    /// Releases the bytes that were held back, or discards them if the change was not stored. When the last scope of
    /// the request closes, removes the body feature if it is still the outermost.
    member private sessions.UnwatchBody(isStored: bool) =
        let features = context.Features

        match response.Body with
        | null -> ()
        | committing ->
            if not isStored || not sessions.IsPending then
                committing.EndHolding isStored

            // If the response has no body, response caching reads its headers before OnStarting.
            if not context.Response.HasStarted && FrameworkCaches.isResponseCachingOutside sessions.Host context then
                sessions.ApplyHeaders()

            if not (scopes.Exists(fun scope -> scope.IsOpen)) then
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
            response.Stage <- Stage.LookedAt

    interface IOfferHost with
        member _.Context = context
        member sessions.HasEnded = sessions.HasEnded
        member sessions.Find name = sessions.Find name

    interface IScopeHost with
        member _.Cookies = context.Request.Headers.Cookie
        member sessions.Arrived = sessions.Arrived
        member _.IsKnown _ = false
        member _.MayBindDevice = DeviceHeaders.mayBind context
        member _.IsPrefetch = RequestFacts.isPrefetch context
        member sessions.CanSendCookie =
            not (sessions.HasEnded || context.Response.HasStarted || RequestFacts.isOfHub context)
        member sessions.Look name = sessions.Look name
        member sessions.IsTooLate = sessions.IsTooLate
        member sessions.IsCurrent = not sessions.HasEnded
        member sessions.Opened() = sessions.Listen()
        // After the request, the response is gone, or is another request's.
        member sessions.Watch() =
            if not sessions.HasEnded then
                sessions.WatchBody()
        member sessions.Closed isStored =
            if not (isNull response.Body || sessions.HasEnded) then
                sessions.UnwatchBody isStored

    interface IBeforeWrite with
        member sessions.IsDone = context.Response.HasStarted && not sessions.IsPending
        member sessions.IsPending = sessions.IsPending

        member sessions.DoAsync() =
            task {
                do! sessions.CommitAll()

                if not context.Response.HasStarted then
                    sessions.ApplyHeaders()
            }
