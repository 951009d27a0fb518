namespace Runa.Session

open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.SignalR

/// The contexts in which SignalR calls hubs.
module internal HubContext =
    /// Without WebSockets a hub is called in a copy of a request that has been answered: its response says that it has not
    /// started, and goes nowhere.
    let isAnswered (context: HttpContext) : bool =
        (context.Features.Get<IHttpResponseFeature>() :? HttpResponseFeature)
        && (match context.GetEndpoint() with
            | null -> false
            | endpoint -> not (isNull (endpoint.Metadata.GetMetadata<HubMetadata>())))
