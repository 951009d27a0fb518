namespace Runa.Session

open System
open System.Text
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Primitives

/// URLs of this host. One from the query may be an attacker's.
module internal LocalUrl =
    /// Whether the URL is a path of this host. Browsers take `//evil.example` and `/\evil.example` for another host,
    /// and ignore tabs and line ends.
    let isLocal (url: string) : bool =
        url.StartsWith '/'
        && not (url.Length > 1 && (url[1] = '/' || url[1] = '\\'))
        && not (Seq.exists Char.IsControl url)

    /// The path of this host that the query names. Null: it names none, several, or another host.
    let ofQuery (values: StringValues) : string | null =
        match List.ofSeq values with
        | [ NonNull url ] when isLocal url -> url
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

    /// A path of the application, with the URL to come back to in its query.
    let withReturnUrl (pathBase: PathString) (path: PathString) (parameter: string) (returnUrl: string) : string =
        pathBase.Add(path).ToUriComponent() + QueryString.Create(parameter, returnUrl).ToUriComponent()

    /// The path and query of a request, as a URL of this host.
    let ofRequest (pathBase: PathString) (path: PathString) (query: QueryString) : string =
        pathBase.Add(path).ToUriComponent() + query.ToUriComponent()
