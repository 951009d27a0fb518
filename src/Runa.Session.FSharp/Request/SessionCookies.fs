namespace Runa.Session

open Microsoft.AspNetCore.Http

/// Sends the cookie of one session with the response.
module internal SessionCookies =
    let private hintInsecure (scope: SessionScope) =
        let definition = scope.Work.Definition
        let isHttps = scope.Context.Request.IsHttps
        let host = scope.Context.Request.Host.Host

        if
            definition.IsDevelopment
            && not isHttps
            && definition.Cookie.IsSecure isHttps
            && not (ResponseHeaders.isTrusted host)
            && definition.Hints.TryGive "insecure"
        then
            Log.secureOverHttp definition.Log definition.Name host

    /// Expires the session's cookies at other paths and domains. This comes before the session's own cookie, so that a
    /// client that keeps only one cookie of a name keeps that one.
    let private takeBackOthers (scope: SessionScope) =
        let http = scope.Context.Request
        let now = scope.Work.Definition.Now
        let pathBase = http.PathBase.ToUriComponent()
        let path = http.Path.ToUriComponent()

        for other in OtherPlaces.find scope.Work.Home http.Headers.Cookie http.Host.Host pathBase path do
            ResponseCookies.send scope.Context other.Cookie (CookiePieces.lines other.Cookie now other.Change)

    let private forbidCaching (context: HttpContext) =
        let headers = context.Response.Headers
        headers.CacheControl <- "no-cache,no-store"
        headers.Pragma <- "no-cache"
        headers.Expires <- "-1"

    let private send (scope: SessionScope) : unit =
        let definition = scope.Work.Definition

        match scope.Work.Cookie with
        | CookieChange.None -> ()
        | change ->
            takeBackOthers scope
            ResponseCookies.send
                scope.Context
                definition.Cookie
                (CookiePieces.lines definition.Cookie definition.Now change)

            match change with
            | CookieChange.Set _ ->
                hintInsecure scope

                match scope.Policy with
                | NonNull policy when policy.ForbidsCaching -> forbidCaching scope.Context
                | _ -> ()
            | _ -> ()

    /// Sends the cookies of a scope and of those that were asked for before it, the earliest first.
    let rec sendAll (scope: SessionScope | null) : unit =
        match scope with
        | null -> ()
        | scope ->
            sendAll scope.Next
            send scope
