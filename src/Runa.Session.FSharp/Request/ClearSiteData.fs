namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The header Clear-Site-Data (https://w3c.github.io/webappsec-clear-site-data/): quoted strings, with commas between.
/// Browsers obey it over https only.
module internal ClearSiteData =
    let private name = "Clear-Site-Data"

    let private entries (text: string) : string list =
        text.Split(',', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
        |> List.ofArray

    /// Joins what the application has set with what a session wants, each once.
    let join (present: string) (wanted: string list) : string =
        let wanted = wanted |> List.map (fun data -> $"\"{data}\"")
        String.Join(", ", List.distinct (entries present @ wanted))

    let send (context: HttpContext) (wanted: string list) : unit =
        if not wanted.IsEmpty && context.Request.IsHttps then
            let headers = context.Response.Headers
            headers[name] <- join (headers[name].ToString()) wanted
