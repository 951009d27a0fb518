namespace Runa.Session

open Microsoft.AspNetCore.Http

/// The page to come back to after a sign-in, in the query parameter "ReturnUrl". Anybody can write that parameter into a
/// link, so it is followed only to a path of this host, and otherwise counts as missing.
[<RequireQualifiedAccess>]
module ReturnUrl =
    /// The name of the query parameter: "ReturnUrl", as in ASP.NET Core's authentication.
    [<Literal>]
    val parameter: string = "ReturnUrl"

    /// Whether the URL is a path of this host, such as "/cart?size=1". It is not if it is null or empty, has a scheme or a
    /// host ("https://evil.example", "//evil.example", "/\evil.example"), or contains control characters.
    val isLocal: url: string | null -> bool

    /// The return URL of the request's query. None: there is none, there are several, or it is not a path of this host.
    val ofQuery: context: HttpContext -> string option

    /// Redirects to a sign-in page of this application, such as "/login", which gets the path and query of this request
    /// as its return URL, if it is a GET or HEAD. A script gets status 401 and the address in Location: a request with
    /// Sec-Fetch-Dest: empty, which browsers send for fetch, or with X-Requested-With: XMLHttpRequest. Raises
    /// ArgumentException, when the handler is made, for a path that is not one of this host:
    /// `withOwner "web" (ReturnUrl.signInAt "/login") (fun owner session -> …)`.
    val signInAt: path: string -> HttpHandler

    /// Redirects to the return URL of the query, and otherwise to this path: `updateSession "web" (Session.signIn id) >=>
    /// ReturnUrl.follow "/"`.
    val follow: otherwise: string -> HttpHandler

    /// The path, below the application's path base, with the return URL of this request's query, if it has one: for the
    /// action of a sign-in form.
    val passOn: path: string -> context: HttpContext -> string
