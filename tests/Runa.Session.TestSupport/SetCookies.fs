namespace Runa.Session.TestSupport

/// Set-Cookie texts.
[<AutoOpen>]
module SetCookies =

    /// The attributes of a Set-Cookie text after its name and value.
    let attributes (setCookie: string) : string list =
        setCookie.Split ';' |> Array.map _.Trim() |> List.ofArray |> List.tail

    /// The Cookie header that a browser sends back for these Set-Cookie values; None where the last one took the cookie away.
    let cookieHeader (setCookies: string list) : string option =
        match List.tryLast setCookies with
        | None -> None
        | Some text ->
            let pair = text.Substring(0, text.IndexOf ';')
            if pair.EndsWith '=' then None else Some pair

    /// What the browser holds after a response: the header before, unless the response set one.
    let nextHeader (before: string option) (setCookies: string list) : string option =
        if setCookies.IsEmpty then before else cookieHeader setCookies
