namespace Microsoft.AspNetCore.Builder

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Protection against requests that pages of other sites send, as a middleware, for F# and C#.
[<Extension; AbstractClass; Sealed>]
type RunaCrossOriginApplicationBuilderExtensions =
    /// Answers 403 to requests that a page of another origin (scheme, host and port) sent with this site's cookies, by what
    /// browsers say of each request in Sec-Fetch-Site and Origin. GET, HEAD, OPTIONS and TRACE pass, so change nothing in
    /// them; the handshake of a WebSocket is checked. What no browser sent passes. It needs no token and no session. Put
    /// it before everything that changes something. Pages of the trusted origins, such as "https://admin.example", may
    /// send requests, too. Raises ArgumentException for a text that is not an origin.
    [<Extension>]
    static member UseRunaCrossOriginProtection
        (app: IApplicationBuilder, [<ParamArray>] trustedOrigins: string[])
        : IApplicationBuilder =
        ArgumentNullException.ThrowIfNull app
        ArgumentNullException.ThrowIfNull trustedOrigins
        let check = CrossOriginCheck trustedOrigins

        app.Use(fun (next: RequestDelegate) ->
            RequestDelegate(fun context ->
                if check.Admits context then
                    next.Invoke context
                else
                    CrossOriginCheck.Refuse context))
