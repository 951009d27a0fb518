/// A browser's cookies without HTTP: what it holds after Set-Cookie texts, and the header that it sends.
module Runa.Session.TestSupport.CookieJar

open System

type CookieJar = Map<string, string>

let empty: CookieJar = Map.empty

/// The library ends a cookie by its age, the framework by a date of 1970. Other dates are the tests' clocks'.
let private isOver (attribute: string) =
    attribute.Equals("Max-Age=0", StringComparison.OrdinalIgnoreCase)
    || attribute.StartsWith("Expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase)

/// RFC 6265 §5.3: each replaces the one of its name; one that is over removes it.
let keep (jar: CookieJar) (setCookies: string list) : CookieJar =
    (jar, setCookies)
    ||> List.fold (fun jar text ->
        let pair = text.Split(';')[0]
        let at = pair.IndexOf '='
        let name = pair.Substring(0, at)

        if List.exists isOver (attributes text) then
            jar.Remove name
        else
            jar.Add(name, pair.Substring(at + 1)))

let header (jar: CookieJar) : string option =
    if jar.IsEmpty then
        None
    else
        Some(String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ]))
