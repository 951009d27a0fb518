namespace Runa.Session

open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Metadata

/// Redirects by the rules of cookie authentication (.NET 10), except toSignIn. Scripts should not follow a redirect to a
/// page: they get a status and the address in Location.
module internal Redirection =
    let private isScript (request: HttpRequest) : bool =
        let isMarked (value: string) = value = "XMLHttpRequest"

        isMarked (string request.Query["X-Requested-With"])
        || isMarked (string request.Headers.XRequestedWith)

    /// By the browser's own word, the answer goes to a script, such as one that calls fetch. Cookie authentication does not
    /// ask this.
    let private isFetch (request: HttpRequest) : bool = string request.Headers["Sec-Fetch-Dest"] = "empty"

    let private isApi (context: HttpContext) : bool =
        match context.GetEndpoint() with
        | null -> false
        | endpoint ->
            not (isNull (endpoint.Metadata.GetMetadata<IDisableCookieRedirectMetadata>()))
            && isNull (endpoint.Metadata.GetMetadata<IAllowCookieRedirectMetadata>())

    let private send (response: HttpResponse) (status: int) (tells: bool) (url: string) : unit =
        if tells then
            response.StatusCode <- status
            response.Headers.Location <- LocalUrl.toHeader url
        else
            response.Redirect(LocalUrl.toHeader url)

    /// Sends the browser on after a sign-in or sign-out.
    let goOn (context: HttpContext) (url: string) : unit =
        send context.Response StatusCodes.Status200OK (isScript context.Request) url

    /// Sends the browser on if the user may not see the page.
    let refuse (context: HttpContext) (status: int) (url: string) : unit =
        send context.Response status (isScript context.Request || isApi context) url

    /// Sends the browser to a sign-in page, and tells every script, also those that only the browser marks.
    let toSignIn (context: HttpContext) (url: string) : unit =
        let tells = isScript context.Request || isFetch context.Request || isApi context
        send context.Response StatusCodes.Status401Unauthorized tells url
