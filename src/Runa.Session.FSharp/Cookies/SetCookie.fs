namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The attributes of a session's cookie, as Set-Cookie text.
[<Sealed>]
type internal SetCookie
    (
        name: string,
        domain: string option,
        path: string,
        httpOnly: bool,
        secure: CookieSecurePolicy,
        sameSite: SameSiteMode,
        partitioned: bool,
        persistent: bool
    ) =

    let attributes isSecure =
        String.Concat
            [ match domain with
              | Some domain -> $"; Domain={domain}"
              | None -> ()
              $"; Path={path}"
              match sameSite with
              | SameSiteMode.Unspecified -> ()
              | mode -> $"; SameSite={mode}"
              if isSecure then
                  "; Secure"
              if httpOnly then
                  "; HttpOnly"
              if partitioned then
                  "; Partitioned" ]

    let plain = attributes false
    let secured = attributes true

    let isSecure isHttps =
        match secure with
        | CookieSecurePolicy.Always -> true
        | CookieSecurePolicy.SameAsRequest -> isHttps
        | _ -> false

    let attributes isHttps = if isSecure isHttps then secured else plain
    let maxAge (remaining: TimeSpan) = Math.Max(0., Math.Ceiling remaining.TotalSeconds)

    member _.Name = name
    member _.IsSecure(isHttps: bool) = isSecure isHttps

    /// Max-Age is the remaining absolute life; there is no Expires, which would depend on the browser's clock.
    member _.Set(value: string, remaining: TimeSpan, isHttps: bool) : string =
        if persistent then
            $"{name}={value}; Max-Age={int64 (maxAge remaining)}{attributes isHttps}"
        else
            $"{name}={value}{attributes isHttps}"

    /// Takes the cookie back.
    member cookie.Expire(isHttps: bool) : string = cookie.Expire(name, isHttps)

    /// Takes another cookie with these attributes back: a piece of this one.
    member _.Expire(piece: string, isHttps: bool) : string = $"{piece}=; Max-Age=0{attributes isHttps}"

    /// The same attributes, for the framework to write.
    member _.Options(remaining: TimeSpan, isHttps: bool) : CookieOptions =
        let options =
            CookieOptions(
                Domain = Option.toObj domain,
                Path = path,
                HttpOnly = httpOnly,
                Secure = isSecure isHttps,
                SameSite = sameSite
            )

        if persistent then
            options.MaxAge <- TimeSpan.FromSeconds(maxAge remaining)

        if partitioned then
            options.Extensions.Add "Partitioned"

        options
