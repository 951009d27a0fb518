namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.SignalR

/// Facts from the context of a request, and exceptions about it.
module internal RequestFacts =
    let private notConfigured () =
        InvalidOperationException "Sessions are not configured: call services.AddRunaSession(…)."

    let ended (name: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: its request has ended, and did not look at a session before. Ask for the session before the request ends."

    /// `remedy`: what to do before the first write, or instead, in the words of the asker's language.
    let private lateWith (name: string) (remedy: string) =
        InvalidOperationException
            $"The session \"{name}\" is asked for too late: the response has started, and shared caches were not told to keep it from other visitors. Ask for it before the first write{remedy} send Cache-Control: no-store with the response."

    let tooLate (name: string) = lateWith name ", or"

    /// The same, with advice for the asker.
    let tooLateFor (name: string) (advice: string) = lateWith name $": {advice}. Or"

    let otherHost (name: string) =
        InvalidOperationException
            $"The scope of the session \"{name}\" has no HttpContext: it was not made by context.GetSessionScope."

    /// The host of a request that did not come through RegistryMiddleware. Raises InvalidOperationException without
    /// AddRunaSession.
    let host (context: HttpContext) : SessionHost =
        match box context.RequestServices with
        | null -> raise (notConfigured ())
        | _ ->
            match context.RequestServices.GetService typeof<SessionHost> with
            | :? SessionHost as host -> host
            | _ ->
                match context.RequestServices.GetService typeof<SessionRegistry> with
                | :? SessionRegistry as registry -> SessionHost.Unwatched registry
                | _ -> raise (notConfigured ())

    /// Whether the browser asks in advance for a page that it may never show.
    let isPrefetch (context: HttpContext) : bool =
        context.Request.Headers["Sec-Purpose"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase)

    /// Whether the context is a copy of an answered request. Without WebSockets, SignalR calls a hub with such a copy:
    /// its response claims that it has not started, but is never sent.
    let isOfHub (context: HttpContext) : bool =
        (Features.tryGet<IHttpResponseFeature> context.Features :? HttpResponseFeature)
        && (match context.GetEndpoint() with
            | null -> false
            | endpoint -> not (isNull (endpoint.Metadata.GetMetadata<HubMetadata>())))
