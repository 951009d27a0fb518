/// A browser's cookies without HTTP: what it holds after Set-Cookie texts, and the header that it sends.
module internal Runa.Session.Tests.CookieJar

open System

type CookieJar = Map<string, string>

let empty: CookieJar = Map.empty

/// RFC 6265 §5.3: each replaces the one of its name; Max-Age=0 removes it.
let keep (jar: CookieJar) (setCookies: string list) : CookieJar =
    (jar, setCookies)
    ||> List.fold (fun jar text ->
        let pair = text.Split(';')[0]
        let at = pair.IndexOf '='
        let name = pair.Substring(0, at)

        let isOver =
            text.Split ';'
            |> Array.exists (fun part -> part.Trim().Equals("Max-Age=0", StringComparison.OrdinalIgnoreCase))

        if isOver then jar.Remove name else jar.Add(name, pair.Substring(at + 1)))

let header (jar: CookieJar) : string option =
    if jar.IsEmpty then
        None
    else
        Some(String.Join("; ", [ for KeyValue(name, value) in jar -> $"{name}={value}" ]))
