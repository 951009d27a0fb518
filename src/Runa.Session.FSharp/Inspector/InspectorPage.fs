namespace Runa.Session

open System
open System.Globalization
open System.Text.Encodings.Web
open Runa

/// The inspector's page. Every text that is not ours is encoded.
module internal InspectorPage =
    let private encode (text: string) : string = HtmlEncoder.Default.Encode text
    let private join (parts: string seq) : string = String.Concat parts

    let private moment (at: DateTimeOffset) : string =
        let utc = at.ToUniversalTime()
        let machine = utc.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)
        let human = utc.ToString("d MMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture)
        $"""<time datetime="{machine}">{human}</time>"""

    let private maybe (show: 'T -> string) (value: 'T option) : string =
        match value with
        | Some value -> show value
        | None -> "–"

    let private span (length: TimeSpan) : string =
        let number (x: float) (unit: string) = x.ToString("0.#", CultureInfo.InvariantCulture) + " " + unit

        if length.TotalDays >= 1. then number length.TotalDays "d"
        elif length.TotalHours >= 1. then number length.TotalHours "h"
        elif length.TotalMinutes >= 1. then number length.TotalMinutes "min"
        else number length.TotalSeconds "s"

    let private card (heading: string) (content: string) : string =
        $"""<section class="card"><h2>{heading}</h2>{content}</section>"""

    /// On a phone each cell shows the name of its column.
    let private table (names: string list) (rows: string list list) : string =
        let head = names |> List.map (fun name -> $"<th scope=\"col\">{name}</th>") |> join

        let row (cells: string list) =
            List.zip names cells
            |> List.map (fun (name, cell) -> $"""<td data-name="{name}">{cell}</td>""")
            |> join
            |> fun cells -> $"<tr>{cells}</tr>"

        $"<table><thead><tr>{head}</tr></thead><tbody>{rows |> List.map row |> join}</tbody></table>"

    let private drivers (seen: Inspected) : string =
        let row (driver: SessionDriverHealth) =
            let tag, words =
                match driver.Failure with
                | null when driver.IsSlow -> "slow", "slow"
                | null -> "up", "answers"
                | failure -> "down", $"down: {failure}"

            [ encode driver.Driver
              (if driver.IsStore then "a store of its own" else "this process")
              $"""<span class="tag {tag}">{encode words}</span>"""
              $"{driver.Milliseconds} ms" ]

        let held =
            match seen.Held.TryFind "memory.sessions", seen.Held.TryFind "memory.usage" with
            | Some sessions, Some bytes ->
                let megabytes = (float bytes / 1048576.).ToString("0.0", CultureInfo.InvariantCulture)
                $"""<p class="soft">In the memory of this process: {sessions} sessions, {megabytes} MiB.</p>"""
            | _ -> ""

        let failures =
            [ for why in seen.HeldFailures -> $"""<p class="problem" role="alert">{encode why}</p>""" ]

        table [ "Driver"; "Place"; "Health"; "Answered in" ] (List.map row seen.Drivers)
        + held
        + join failures
        |> card "Drivers"

    let private sessions (seen: Inspected) : string =
        let row (info: SessionInfo) =
            [ $"<b>{encode info.Name}</b>"
              encode info.Driver
              encode info.CookieName
              span info.Ttl
              maybe span info.IdleTimeout
              (if info.Shared then "yes" else "no") ]

        table [ "Session"; "Driver"; "Cookie"; "Lifetime"; "Idle timeout"; "Shared" ] (List.map row seen.Sessions)
        |> card "Sessions"

    let private rates (seen: Inspected) : string =
        let bad =
            [ "missed"
              "conflicts"
              "foreign_tokens"
              "unproven"
              "thefts_suspected"
              "evicted"
              "store_failures" ]

        let isBad (name: string) = List.contains name bad

        let one (name: string, numbers: int64[]) =
            let words = name.Replace('_', ' ')
            let total = Array.sum numbers
            let label = $"{words}: {total} in the last {seen.Rates.Seconds * numbers.Length / 60} minutes"
            let tone = if isBad name then "rate bad" else "rate"
            $"""<div class="{tone}"><span class="soft">{words}</span><b>{total}</b>{InspectorCharts.bars label numbers}</div>"""

        seen.Rates.Series
        |> List.map one
        |> join
        |> sprintf """<div class="grid">%s</div>"""
        |> card "The last ten minutes, in this process"

    let private events (seen: Inspected) : string =
        let row (event: SessionEvent) =
            [ moment event.Time
              string event.Kind
              event.Session |> Option.ofObj |> maybe encode
              encode event.Driver
              string event.Count ]

        match seen.Events with
        | [] -> """<p class="soft">Nothing has happened yet.</p>"""
        | events -> table [ "When"; "What"; "Session"; "Driver"; "Count" ] (List.map row events)
        |> card "Recent events"

    /// A form of one button. `fields`: what it sends besides whom it is about.
    let private button path token (asked: InspectedOwner) (fields: (string * string) list) (words: string) : string =
        let hidden =
            fields @ [ "session", asked.Session; "owner", asked.Owner ]
            |> List.map (fun (name, value) -> $"""<input type="hidden" name="{name}" value="{encode value}">""")
            |> join

        $"""<form method="post" action="{path}">{token}{hidden}<button class="quiet">{words}</button></form>"""

    let private client (session: OwnedSession) : string =
        match session.Client with
        | Some client ->
            let address = client.Address |> Option.map encode |> Option.toList
            let agent = client.Agent |> Option.map (fun agent -> $"<small>{encode agent}</small>") |> Option.toList
            String.Join("<br>", address @ agent)
        | None -> "–"

    let private label (session: OwnedSession) : string =
        let bound = if session.Device.IsBound then "<br><small>bound to its device</small>" else ""
        maybe encode session.Label + bound

    let private found path token (asked: InspectedOwner) : string =
        let button = button path token asked

        let more =
            match asked.Next with
            | Some next -> button [ "do", "list"; "from", next ] "More"
            | None -> ""

        match asked.Sessions with
        | Error why -> $"""<p class="problem" role="alert">{encode why}</p>"""
        | Ok [] when asked.Next.IsSome -> $"""<p class="soft">All that was read has ended. There is more.</p>{more}"""
        | Ok [] -> $"""<p class="soft">“{encode asked.Owner}” has no session “{encode asked.Session}”.</p>"""
        | Ok sessions ->
            let row (session: OwnedSession) =
                [ label session
                  client session
                  moment session.CreatedAt
                  moment session.LastSeenAt
                  moment session.EndsAt
                  button [ "do", "end"; "handle", session.Handle ] "End" ]

            table [ "Label"; "Client"; "Created"; "Last seen"; "Ends"; "" ] (List.map row sessions)
            + more
            + button [ "do", "end-all" ] "End all of them"

    let private owners (seen: Inspected) (path: string) (token: string) : string =
        let option (info: SessionInfo) =
            let isChosen = seen.Asked |> Option.exists (fun asked -> asked.Session = info.Name)
            $"""<option{if isChosen then " selected" else ""}>{encode info.Name}</option>"""

        let owner = seen.Asked |> Option.map _.Owner |> Option.defaultValue "" |> encode

        let form =
            $"""<form class="find" method="post" action="{path}">{token}<input type="hidden" name="do" value="list"><label>Session<select name="session">{seen.Sessions |> List.map option |> join}</select></label><label>Owner<input name="owner" value="{owner}" required autocomplete="off"></label><button>List</button></form>"""

        card "An owner's sessions" (form + (seen.Asked |> Option.map (found path token) |> Option.defaultValue ""))

    /// The document. `path`: of the inspector. `token`: the hidden antiforgery field. `nonce`: of the style.
    let render (seen: Inspected) (path: string) (token: string) (nonce: string) : string =
        let path = encode path
        let notice =
            if seen.Notice = "" then
                ""
            else
                $"""<p class="notice" role="status">{encode seen.Notice}</p>"""

        $"""<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Sessions</title><style nonce="{nonce}">{InspectorStyle.css}</style></head><body><header><h1>Sessions</h1><small>{moment seen.At} UTC · <a href="{path}">Reload</a> · <a href="{path}?format=json">JSON</a></small></header><main>{notice}{drivers seen}{rates seen}{sessions seen}{owners seen path token}{events seen}</main></body></html>"""
