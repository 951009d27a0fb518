namespace Runa.Session

open System
open System.Net
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.OutputCaching
open Microsoft.Extensions.Primitives
open Microsoft.Net.Http.Headers

/// Sets the caching headers of a response that looked at a session (promise 20).
module internal ResponseHeaders =
    let private privately = StringValues "private"
    let private withCookie = StringValues "private, no-cache=\"Set-Cookie\""
    let private varyCookie = StringValues "Cookie"

    /// Whether the header already has the text that is set here. Most responses take this path, which parses nothing.
    let private isText (one: StringValues) (current: StringValues) =
        current.Count = 1 && String.Equals(one[0], current[0])

    let private parse (value: StringValues) : CacheControlHeaderValue | null =
        match CacheControlHeaderValue.TryParse(StringSegment(value.ToString())) with
        | true, parsed -> parsed
        | _ -> null

    /// The Cache-Control to send, made from the application's. Stricter directives stay; those that let a shared cache
    /// store the response go.
    let cacheControl (current: StringValues) (setsCookie: bool) : StringValues =
        if StringValues.IsNullOrEmpty current then
            if setsCookie then withCookie else privately
        elif isText withCookie current || (not setsCookie && isText privately current) then
            current
        else
            match parse current with
            | null -> if setsCookie then withCookie else privately
            | parsed when parsed.NoStore -> current
            | parsed ->
                parsed.Public <- false
                parsed.SharedMaxAge <- Nullable()
                parsed.Private <- true
                parsed.PrivateHeaders.Clear()

                let namesCookie =
                    parsed.NoCacheHeaders
                    |> Seq.exists (fun name -> name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))

                let isWholly = parsed.NoCache && parsed.NoCacheHeaders.Count = 0

                if setsCookie && not isWholly && not namesCookie then
                    parsed.NoCache <- true
                    parsed.NoCacheHeaders.Add(StringSegment "Set-Cookie")

                StringValues(parsed.ToString())

    let private hasCookie (vary: StringValues) =
        vary.ToString().Split(',', StringSplitOptions.TrimEntries)
        |> Array.exists (fun name -> name = "*" || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))

    /// The Vary to send, made from the application's.
    let vary (current: StringValues) : StringValues =
        if StringValues.IsNullOrEmpty current then varyCookie
        elif isText varyCookie current then current
        elif hasCookie current then current
        else StringValues.Concat(current, varyCookie)

    /// Whether a response that started before a session was looked at is private all the same: it is a connection
    /// (WebSockets), or its headers already say no-store, or both private and Vary: Cookie.
    let isKeptPrivate (context: HttpContext) : bool =
        let response = context.Response

        response.StatusCode = StatusCodes.Status101SwitchingProtocols
        || HttpMethods.IsConnect context.Request.Method
        || (match parse response.Headers.CacheControl with
            | null -> false
            | parsed when parsed.NoStore -> true
            | parsed ->
                parsed.Private
                && parsed.PrivateHeaders.Count = 0
                && not parsed.Public
                && not parsed.SharedMaxAge.HasValue
                && hasCookie response.Headers.Vary)

    let private deadAtOnce = TimeSpan.FromTicks 1L

    /// Keeps the response out of the store of output caching. A policy may turn storing on again when the response
    /// starts, so the stored response also expires at once.
    let veto (context: HttpContext) =
        match Features.tryGet<IOutputCacheFeature> context.Features with
        | null -> ()
        | feature ->
            feature.Context.AllowCacheStorage <- false
            feature.Context.ResponseExpirationTimeSpan <- Nullable deadAtOnce

    let private uncached = StringValues "no-cache, no-store"

    /// Keeps the request out of response caching, by its headers: no-store prevents storing, and no-cache prevents a
    /// lookup. A response stored for visitors without a session would keep the handler from running.
    let uncache (request: HttpRequest) =
        let headers = request.Headers
        headers.CacheControl <- StringValues.Concat(uncached, headers.CacheControl)

    let apply (headers: IHeaderDictionary) (setsCookie: bool) =
        headers.Vary <- vary headers.Vary
        headers.CacheControl <- cacheControl headers.CacheControl setsCookie

    /// Whether browsers accept a Secure cookie from this host over plain http.
    let isTrusted (host: string) =
        let host = host.Trim('[', ']')

        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (match IPAddress.TryParse host with
            | true, NonNull address -> IPAddress.IsLoopback address
            | _ -> false)
