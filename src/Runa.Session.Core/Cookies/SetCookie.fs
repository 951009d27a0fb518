namespace Runa.Session.Hosting

open System
open Runa.Session

/// The name and attributes of a session's cookie, and the text of its Set-Cookie header.
[<Sealed>]
type SetCookie
    internal
    (
        name: string,
        domain: string option,
        path: string,
        httpOnly: bool,
        secure: CookieSecure,
        sameSite: SameSite,
        partitioned: bool,
        persistent: bool,
        isEssential: bool
    ) =

    let attributes isSecure =
        String.Concat
            [ match domain with
              | Some domain -> $"; Domain={domain}"
              | None -> ()
              $"; Path={path}"
              match sameSite with
              | SameSite.Unspecified -> ()
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
        | CookieSecure.Always -> true
        | CookieSecure.SameAsRequest -> isHttps
        | CookieSecure.Never -> false

    let text (name: string) (value: string) (maxAge: int64 voption) isHttps =
        let attributes = if isSecure isHttps then secured else plain

        match maxAge with
        | ValueSome maxAge -> $"{name}={value}; Max-Age={maxAge}{attributes}"
        | ValueNone -> $"{name}={value}{attributes}"

    /// The name of the cookie.
    member _.Name = name
    /// The attribute Domain. None: the cookie is for one host.
    member _.Domain = domain
    /// The attribute Path.
    member _.Path = path
    /// Whether scripts cannot read the cookie.
    member _.HttpOnly = httpOnly
    /// The attribute SameSite.
    member _.SameSite = sameSite
    /// Whether the cookie has the attribute Partitioned.
    member _.Partitioned = partitioned
    /// Whether the cookie is sent without the visitor's consent.
    member _.IsEssential = isEssential
    /// Whether the cookie has the attribute Secure in the response to such a request.
    member _.IsSecure(isHttps: bool) = isSecure isHttps

    /// The attributes in the response to such a request, without Max-Age: `Path=/; SameSite=Lax; Secure; HttpOnly`.
    member _.Attributes(isHttps: bool) : string = (if isSecure isHttps then secured else plain).Substring 2

    /// Max-Age in whole seconds, rounded up: the time to the absolute end, or 0 to expire the cookie. ValueNone: the
    /// browser drops the cookie when it closes. Expires is never sent, since it would depend on the browser's clock.
    member _.MaxAge(line: CookieLine) : int64 voption =
        match line.Value with
        | ValueNone -> ValueSome 0L
        | ValueSome _ when persistent -> ValueSome(int64 (Math.Max(0., Math.Ceiling line.MaxAge.TotalSeconds)))
        | ValueSome _ -> ValueNone

    /// The text of a Set-Cookie header.
    member cookie.Text(line: CookieLine, isHttps: bool) : string =
        text line.Name (ValueOption.defaultValue "" line.Value) (cookie.MaxAge line) isHttps

    /// The most characters of a Set-Cookie header for this name beside the value.
    member internal cookie.Overhead(line: CookieLine) : int =
        cookie.Text({ line with Value = ValueSome "" }, true).Length
