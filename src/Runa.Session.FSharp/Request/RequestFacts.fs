namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.SignalR

/// How far a request has come with its sessions.
[<RequireQualifiedAccess; Struct>]
type internal Stage =
    | Untouched
    /// They hear of the start of the response.
    | Listening
    /// One of them, or what stands for one, was looked at.
    | LookedAt

/// What a request's context tells.
module internal RequestFacts =
    let private notConfigured () =
        InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…)."

    let ended (name: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: its request has ended, and had not looked at it. Ask for it in its request."

    let tooLate (name: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write, or send Cache-Control: no-store with the response."

    /// Left among the features by RegistryMiddleware; asking the services would make a scope for the request.
    let registry (context: HttpContext) : SessionRegistry =
        match context.Features.Get<SessionRegistry>() with
        | null ->
            match box context.RequestServices with
            | null -> raise (notConfigured ())
            | _ ->
                match context.RequestServices.GetService typeof<SessionRegistry> with
                | :? SessionRegistry as registry -> registry
                | _ -> raise (notConfigured ())
        | registry -> registry

    /// SignalR without WebSockets calls hubs in a copy of a request that has been answered: its response says that it has
    /// not started, and goes nowhere.
    let isOfHub (context: HttpContext) : bool =
        (context.Features.Get<IHttpResponseFeature>() :? HttpResponseFeature)
        && (match context.GetEndpoint() with
            | null -> false
            | endpoint -> not (isNull (endpoint.Metadata.GetMetadata<HubMetadata>())))
