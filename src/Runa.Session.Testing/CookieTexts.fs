namespace Runa.Testing

open System

/// A browser's cookies by name, without regard to paths, domains and Secure.
module internal CookieTexts =
    /// The library ends a cookie by its age, the framework by a date of 1970.
    let private isOver (attribute: string) =
        let attribute = attribute.Trim()

        attribute.Equals("Max-Age=0", StringComparison.OrdinalIgnoreCase)
        || attribute.StartsWith("Expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase)

    let private pair (text: string) : (string * string) option =
        match text.Split('=', 2) with
        | [| name; value |] -> Some(name.Trim(), value.Trim())
        | _ -> None

    /// Those of a Cookie header.
    let ofHeader (header: string) : Map<string, string> =
        header.Split(';', StringSplitOptions.RemoveEmptyEntries) |> Seq.choose pair |> Map.ofSeq

    let toHeader (cookies: Map<string, string>) : string =
        String.Join("; ", cookies |> Map.toSeq |> Seq.map (fun (name, value) -> $"{name}={value}"))

    /// After the Set-Cookie headers of a response.
    let after (setCookies: string seq) (cookies: Map<string, string>) : Map<string, string> =
        (cookies, setCookies)
        ||> Seq.fold (fun cookies text ->
            let parts = text.Split ';'

            match pair parts[0] with
            | Some(name, _) when Array.exists isOver parts -> cookies.Remove name
            | Some(name, value) -> cookies.Add(name, value)
            | None -> cookies)
