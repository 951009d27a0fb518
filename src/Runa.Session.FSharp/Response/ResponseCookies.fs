namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Runa.Session.Hosting

/// Sends cookies, as header lines or, if the application uses a cookie policy (UseCookiePolicy), through that.
module internal ResponseCookies =
    let private sameSite (mode: SameSite) : SameSiteMode =
        match mode with
        | SameSite.Lax -> SameSiteMode.Lax
        | SameSite.Strict -> SameSiteMode.Strict
        | SameSite.None -> SameSiteMode.None
        | SameSite.Unspecified -> SameSiteMode.Unspecified

    let private options (cookie: SetCookie) (line: CookieLine) (isHttps: bool) : CookieOptions =
        let options =
            CookieOptions(
                Domain = Option.toObj cookie.Domain,
                Path = cookie.Path,
                HttpOnly = cookie.HttpOnly,
                Secure = cookie.IsSecure isHttps,
                SameSite = sameSite cookie.SameSite,
                IsEssential = cookie.IsEssential
            )

        match cookie.MaxAge line with
        | ValueSome seconds -> options.MaxAge <- TimeSpan.FromSeconds(float seconds)
        | ValueNone -> ()

        if cookie.Partitioned then
            options.Extensions.Add "Partitioned"

        options

    /// The cookies feature that replaced the response's own, and may change or withhold cookies. Null: there is none.
    let private tryPolicy (context: HttpContext) : IResponseCookies | null =
        match Features.tryGet<IResponseCookiesFeature> context.Features with
        | null
        | :? ResponseCookiesFeature -> null
        | feature -> feature.Cookies

    let send (context: HttpContext) ({ Cookie = cookie; Lines = lines }: SessionCookie) : unit =
        let isHttps = context.Request.IsHttps

        match tryPolicy context with
        | null ->
            for line in lines do
                context.Response.Headers.Append("Set-Cookie", cookie.Text(line, isHttps))
        | policy ->
            for line in lines do
                match line.Value with
                | ValueSome value -> policy.Append(line.Name, value, options cookie line isHttps)
                | ValueNone -> policy.Delete(line.Name, options cookie line isHttps)
