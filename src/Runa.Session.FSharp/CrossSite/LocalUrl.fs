namespace Runa.Session

open System
open System.Text
open Microsoft.Extensions.Primitives

/// Checks the return URL of a sign-in. It comes from the query, so it may be an attacker's.
module internal ReturnUrl =
    /// Whether the URL is a path of this host. Browsers take `//evil.example` and `/\evil.example` for another host,
    /// and ignore tabs and line ends.
    let isHostRelative (url: string) : bool =
        url.StartsWith '/'
        && not (url.Length > 1 && (url[1] = '/' || url[1] = '\\'))
        && not (Seq.exists Char.IsControl url)

    /// The path of this host that the query names. Null: it names none, several, or another host.
    let ofQuery (values: StringValues) : string | null =
        match List.ofSeq values with
        | [ NonNull url ] when isHostRelative url -> url
        | _ -> null

    /// The URL for a header, with all characters that are not ASCII percent-encoded.
    let toHeader (url: string) : string =
        if Ascii.IsValid(url.AsSpan()) then
            url
        else
            let text = StringBuilder()

            for rune in url.EnumerateRunes() do
                text.Append(if rune.IsAscii then string rune else Uri.EscapeDataString(string rune)) |> ignore

            string text
