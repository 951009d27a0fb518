namespace Runa.Session

open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Sends the cookie of one session with the response.
module internal SessionCookies =
    let private forbidCaching (context: HttpContext) =
        let headers = context.Response.Headers
        headers.CacheControl <- "no-cache,no-store"
        headers.Pragma <- "no-cache"
        headers.Expires <- "-1"

    let private hintInsecure (context: HttpContext) (scope: SessionScope) =
        let host = context.Request.Host.Host

        if not context.Request.IsHttps && not (ResponseHeaders.isTrusted host) then
            HostedScopes.warnInsecure host scope

    let send (context: HttpContext) (scope: SessionScope) : unit =
        if HostedScopes.setsCookie scope then
            let http = context.Request
            let pathBase = http.PathBase.ToUriComponent()
            let path = http.Path.ToUriComponent()

            for cookie in HostedScopes.cookies http.Host.Host pathBase path scope do
                ResponseCookies.send context cookie

            DeviceOffers.send context scope
            ClearSiteData.send context (HostedScopes.clearsSiteData scope)
            hintInsecure context scope

            if HostedScopes.forbidsCaching scope then
                forbidCaching context
