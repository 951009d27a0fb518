namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// From a request's useSession to its end.
[<Struct; NoComparison; NoEquality>]
type internal SessionBinding(request: RequestSession, wasBound: bool) =
    interface IDisposable with
        member _.Dispose() =
            let isStored = not request.IsPending
            request.Unbind wasBound

            match RequestSession.FirstOf request.Context with
            | null -> ()
            | first -> SessionResponse.unwatchBody first isStored

/// Who asks for a session: each is told in its own words what to do.
[<RequireQualifiedAccess; Struct>]
type internal Asker =
    | FSharp
    | CSharp
    | Authentication

/// The sessions of a request. They live among its features, not in a scope of services: re-executed pipelines and error
/// pages get scopes of their own.
module internal RequestSessions =
    let private notConfigured () =
        InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…)."

    /// Left among the features by RegistryMiddleware; asking the services would make a scope for the request.
    let private registryOf (context: HttpContext) : SessionRegistry =
        match context.Features.Get<SessionRegistry>() with
        | null ->
            match box context.RequestServices with
            | null -> raise (notConfigured ())
            | _ ->
                match context.RequestServices.GetService typeof<SessionRegistry> with
                | :? SessionRegistry as registry -> registry
                | _ -> raise (notConfigured ())
        | registry -> registry

    let rec private findOrAdd (name: string) (request: RequestSession) =
        if request.Name = name then
            request
        elif isNull request.Next then
            request.Next <- RequestSession(request.Context, (registryOf request.Context).Find name)
            request.Next
        else
            findOrAdd name request.Next

    /// Promise 20: what the response says to caches is said. Where a session was asked for before, by whichever context of
    /// the request, it was said for all of them.
    let private checkNotTooLate (asker: Asker) (context: HttpContext) (session: NamedSession) =
        if
            context.Response.HasStarted
            && isNull (context.Features.Get<RequestSession>())
            && not (ResponseHeaders.isKeptPrivate context)
        then
            let name = session.Name

            let advice =
                match asker with
                | Asker.FSharp ->
                    $"put useSession \"{name}\" before whatever writes, or call ctx.LoadSessionAsync before it"
                | Asker.CSharp ->
                    $"put app.UseRunaSession(\"{name}\") before whatever writes, or add .WithRunaSession(\"{name}\") to its endpoint"
                | Asker.Authentication ->
                    "put app.UseAuthentication() before whatever writes, or call AuthenticateAsync before it"

            raise (
                InvalidOperationException
                    $"The session \"{name}\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write: {advice}. Or send Cache-Control: no-store with the response."
            )

    let private beginWith asker (context: HttpContext) (registry: SessionRegistry) (session: NamedSession) =
        checkNotTooLate asker context session
        let first = RequestSession(context, session)
        context.Features.Set<RequestSession> first
        SessionResponse.prepare first registry.MeetsResponseCaching
        first

    let private begin' asker (context: HttpContext) (name: string) =
        let registry = registryOf context
        beginWith asker context registry (registry.Find name)

    /// The first session that this request asked for, or null.
    let tryFirst (context: HttpContext) : RequestSession = RequestSession.FirstOf context

    /// Raises InvalidOperationException without AddRunaSession, for a name that is not registered, and for the first session
    /// of a request whose response has started.
    let findFor (asker: Asker) (context: HttpContext) (name: string) : RequestSession =
        match tryFirst context with
        | null -> begin' asker context name
        | first -> findOrAdd name first

    /// As findFor, for F#.
    let find (context: HttpContext) (name: string) : RequestSession = findFor Asker.FSharp context name

    /// For a session that is read under another key than this library's cookie: its response is for nobody else, either.
    /// Raises InvalidOperationException where the response has started without knowing.
    let keepPrivate (context: HttpContext) (registry: SessionRegistry) (session: NamedSession) : unit =
        if isNull (tryFirst context) then
            match context.Features.Get<SessionRegistry>() with
            // Names of another registry are not those of this request.
            | NonNull own when not (Object.ReferenceEquals(own, registry)) ->
                beginWith Asker.Authentication context own own.Sessions.Head |> ignore
            | _ -> beginWith Asker.Authentication context registry session |> ignore

    /// Whether a session of this request has a cookie to send.
    let setsCookie (context: HttpContext) : bool = SessionResponse.setsCookie (tryFirst context)

    /// Leaves a session to be committed before the first byte.
    let set (context: HttpContext) (session: Session) =
        (find context (Session.name session)).Set session
        SessionResponse.watchBody (tryFirst context)

    /// As set, for a session made from the request's current one just now, where that is loaded and bound.
    let leave (request: RequestSession) (session: Session) =
        request.Leave session
        SessionResponse.watchBody (tryFirst request.Context)

    /// As leave, for a change that cannot be made: the commit raises before the first byte.
    let lose (request: RequestSession) (e: exn) =
        request.Lose e
        SessionResponse.watchBody (tryFirst request.Context)

    /// Lets ctx.SetSession work, until what is answered is disposed.
    let bind (request: RequestSession) : SessionBinding = new SessionBinding(request, request.Bind())
