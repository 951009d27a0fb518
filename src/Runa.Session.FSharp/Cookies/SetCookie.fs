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

    member _.IsSecure(isHttps: bool) = isSecure isHttps

    /// Max-Age is the remaining absolute life; there is no Expires, which would depend on the browser's clock.
    member _.Set(value: string, remaining: TimeSpan, isHttps: bool) : string =
        if persistent then
            let seconds = int64 (Math.Max(0., Math.Ceiling remaining.TotalSeconds))
            $"{name}={value}; Max-Age={seconds}{attributes isHttps}"
        else
            $"{name}={value}{attributes isHttps}"

    /// Takes the cookie back.
    member _.Expire(isHttps: bool) : string = $"{name}=; Max-Age=0{attributes isHttps}"
