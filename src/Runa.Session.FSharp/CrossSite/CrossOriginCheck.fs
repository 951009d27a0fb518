namespace Runa.Session.Hosting

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Runa.Session

module private CrossOriginLog =
    let private refusedAction =
        LoggerMessage.Define<string, string, string>(
            LogLevel.Information,
            EventId(1, "Refused"),
            "{Method} {Path} was refused, because a page of another origin may have sent it: {Reason}."
        )

    let refused (context: HttpContext) (reason: string) : unit =
        match context.RequestServices.GetService<ILoggerFactory>() with
        | null -> ()
        | loggers ->
            let request = context.Request
            // Without the query, which may contain private data.
            let path = (request.PathBase + request.Path).ToUriComponent()
            refusedAction.Invoke(loggers.CreateLogger "Runa.Session.CrossOrigin", request.Method, path, reason, null)

/// Tells requests that a page of another origin may have sent from those of this application's own pages, by what browsers
/// say of each request (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/, and the header Origin). It needs no token,
/// no cookie and no session. Thread-safe.
[<Sealed>]
type CrossOriginCheck(trustedOrigins: string seq) =
    let explain (origin: string) (what: string) =
        ArgumentException(
            $"The trusted origin \"{origin}\" {what}: write scheme, host and, if it is not the scheme's own, port, such as \"https://admin.example\".",
            nameof trustedOrigins
        )

    let normal (origin: string) : string =
        match Uri.TryCreate(origin, UriKind.Absolute) with
        | true, NonNull uri when uri.Scheme = Uri.UriSchemeHttp || uri.Scheme = Uri.UriSchemeHttps ->
            // What .NET takes off or away: spaces, dots in a path, an empty user name.
            if
                origin.Trim() <> origin
                || origin.LastIndexOf '/' > uri.Scheme.Length + 2
                || origin.IndexOfAny [| '\\'; '?'; '#' |] >= 0
            then
                raise (explain origin "has more than an origin has, such as a path or a slash at its end")

            if origin.Contains '@' then
                raise (explain origin "has a user name")

            let host = if uri.HostNameType = UriHostNameType.Dns then uri.IdnHost else uri.Host
            let port = if uri.IsDefaultPort then "" else $":{uri.Port}"
            $"{uri.Scheme}://{host}{port}"
        | _ -> raise (explain origin "is not the address of a site")

    let trusted =
        trustedOrigins
        |> Seq.map normal
        |> fun origins -> Collections.Generic.HashSet(origins, StringComparer.OrdinalIgnoreCase)

    // A page of any origin may open a WebSocket, which carries this origin's cookies.
    let isSafe (request: HttpRequest) : bool =
        SafeMethod.isSafe request.Method
        && not (HttpMethods.IsGet request.Method && string request.Headers.Upgrade <> "")

    let isOwn (request: HttpRequest) (origin: string) : bool =
        match origin.Split("://"), request.Host.Value with
        | [| scheme; own |], NonNull host when own <> "" ->
            let isHost (text: string) = text.Equals(host, StringComparison.OrdinalIgnoreCase)
            // An origin leaves its scheme's own port out. Some proxies add it to the host.
            isHost own || (scheme = "https" && isHost $"{own}:443") || (scheme = "http" && isHost $"{own}:80")
        | _ -> false

    /// Why the request is refused. Null: it is not.
    let reason (request: HttpRequest) : string | null =
        let origin = string request.Headers.Origin

        if isSafe request || trusted.Contains origin then
            null
        else
            match string request.Headers["Sec-Fetch-Site"] with
            | "same-origin"
            | "none" -> null
            // A browser before 2023, plain http to another host, or no browser at all.
            | "" when origin = "" || isOwn request origin -> null
            | "" -> "its Origin is not this host"
            | "same-site" -> "Sec-Fetch-Site is same-site"
            | _ -> "Sec-Fetch-Site is cross-site"

    /// Whether the request cannot change anything by its method (GET without Upgrade, HEAD, OPTIONS, TRACE), or comes from
    /// a page of this origin, from a trusted one, from the user (a bookmark), or from a client that is no browser.
    member _.Allows(request: HttpRequest) : bool =
        ArgumentNullException.ThrowIfNull request
        isNull (reason request)

    /// Like Allows; also logs a refusal.
    member _.Admits(context: HttpContext) : bool =
        ArgumentNullException.ThrowIfNull context

        match reason context.Request with
        | null -> true
        | reason ->
            CrossOriginLog.refused context reason
            false

    /// Answers a request that is not admitted: status 403 and a line of text.
    static member Refuse(context: HttpContext) : Task =
        ArgumentNullException.ThrowIfNull context
        context.Response.StatusCode <- StatusCodes.Status403Forbidden
        context.Response.ContentType <- "text/plain; charset=utf-8"
        context.Response.WriteAsync "This request was refused, because it may come from a page of another site."
