namespace Runa.Session

open Microsoft.AspNetCore.Http

/// Protection against requests that a page of another site sends with this site's cookies (cross-site request forgery).
/// Browsers say of each request where it comes from, in Sec-Fetch-Site (since 2020; Safari since 2023) and Origin. GET,
/// HEAD, OPTIONS and TRACE pass, so change nothing in them; a WebSocket's handshake is checked. What no browser sent
/// passes. ASP.NET Core's own antiforgery middleware does not see handlers.
[<RequireQualifiedAccess>]
module CrossOrigin =
    /// Whether the request comes from a page of this origin (scheme, host and port), from the user, or from no browser.
    val isAllowed: request: HttpRequest -> bool

    /// Answers 403 to what a page of another origin sent, another subdomain of this site included, and goes on with
    /// everything else. Put it before the routes.
    val refuse: HttpHandler

    /// Like refuse, but goes on with requests of these origins, such as "https://admin.example", and answers others with
    /// the handler `otherwise`. Raises ArgumentException, when the handler is made, for a text that is not an origin.
    val refuseExcept: trustedOrigins: string list -> otherwise: HttpHandler -> HttpHandler
