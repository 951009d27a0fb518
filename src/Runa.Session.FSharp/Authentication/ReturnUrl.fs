namespace Runa.Session

open System
open System.Text
open Microsoft.Extensions.Primitives

/// Where to go after a sign-in, as a query says it: text of a stranger.
module internal ReturnUrl =
    /// A path of this host. Browsers take `//evil.example` and `/\evil.example` for another host, and drop tabs and line
    /// ends first.
    let isHostRelative (url: string) : bool =
        url.StartsWith '/'
        && not (url.Length > 1 && (url[1] = '/' || url[1] = '\\'))
        && not (Seq.exists Char.IsControl url)

    /// The one path of this host that the query names; null for anything else.
    let ofQuery (values: StringValues) : string | null =
        match List.ofSeq values with
        | [ NonNull url ] when isHostRelative url -> url
        | _ -> null

    /// As a header can carry it: what is not ASCII is percent-encoded.
    let toHeader (url: string) : string =
        if Ascii.IsValid(url.AsSpan()) then
            url
        else
            let text = StringBuilder()

            for rune in url.EnumerateRunes() do
                text.Append(if rune.IsAscii then string rune else Uri.EscapeDataString(string rune)) |> ignore

            string text
