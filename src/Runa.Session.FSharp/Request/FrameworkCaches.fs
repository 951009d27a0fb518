namespace Runa.Session

open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.AspNetCore.OutputCaching
open Microsoft.AspNetCore.ResponseCaching

/// Keeps responses that looked at a session out of the framework's caches (promise 20). An application without such a
/// cache is asked for its features once a request.
module internal FrameworkCaches =
    /// Whether response caching is outside the session: it has seen the request, and will see the response.
    let isResponseCachingOutside (host: SessionHost) (context: HttpContext) : bool =
        host.MayBeCached && not (isNull (Features.tryGet<IResponseCachingFeature> context.Features))

    let private meetResponseCaching (host: SessionHost) (context: HttpContext) : bool =
        // Response caching reads the headers before OnStarting; for an empty body, when the handler has ended.
        if isResponseCachingOutside host context then
            ResponseHeaders.apply context.Response.Headers false
            PrivateResponse.Guard context.Features
            true
        else
            if host.MeetsResponseCaching then
                // Response caching is not outside this middleware, but may be inside it.
                ResponseHeaders.uncache context.Request

            false

    /// A cache may be around the application: in a larger one, with services of its own. It has seen the request.
    let private learn (host: SessionHost) (features: IFeatureCollection) =
        if
            not host.MayBeCached
            && not (
                isNull (Features.tryGet<IOutputCacheFeature> features)
                && isNull (Features.tryGet<IResponseCachingFeature> features)
            )
        then
            host.IsInsideCache <- true

    /// Called at the first look at a session. Returns whether to watch the body from now on.
    let meet (host: SessionHost) (context: HttpContext) : bool =
        learn host context.Features

        if host.MayBeCached then
            ResponseHeaders.veto context
            not context.Response.HasStarted && meetResponseCaching host context
        else
            false

    /// Called when the response starts.
    let veto (host: SessionHost) (context: HttpContext) =
        if host.MayBeCached then
            ResponseHeaders.veto context
