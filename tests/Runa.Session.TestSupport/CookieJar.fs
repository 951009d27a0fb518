/// A browser's cookies without HTTP: what it holds after Set-Cookie texts, and the header that it sends.
module Runa.Session.TestSupport.CookieJar

open System

type CookieJar = Map<string, string>

let empty: CookieJar = Map.empty

/// The library ends a cookie by its age, the framework by a date of 1970. Other dates are the tests' clocks'.
let private isOver (attribute: string) =
    attribute.Equals("Max-Age=0", StringComparison.OrdinalIgnoreCase)
    || attribute.StartsWith("Expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase)

/// The name that a Set-Cookie text is for, and its value; none where it takes the cookie away.
let change (setCookie: string) : string * string option =
    let pair = setCookie.Split(';')[0]
    let at = pair.IndexOf '='
    let isRemoved = attributes setCookie |> List.exists isOver
    pair.Substring(0, at), (if isRemoved then None else Some(pair.Substring(at + 1)))

/// RFC 6265 §5.3: each replaces the one of its name.
let keep (jar: CookieJar) (setCookies: string list) : CookieJar =
    (jar, setCookies)
    ||> List.fold (fun jar text -> let name, value = change text in jar.Change(name, (fun _ -> value)))

let header (jar: CookieJar) : string option =
    if jar.IsEmpty then
        None
    else
        Some(String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ]))
