namespace Runa.Session

open System
open System.Net
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting

/// Finds cookies of a session that a browser still holds at another path or domain, because cookie_path or
/// cookie_domain was changed.
module internal OtherPlaces =
    /// The most Set-Cookie lines.
    let most = 8

    /// Whether the request carried several cookies of the session's name, and all of them are ours. Then every cookie
    /// of that name at a prefix of the request's path is ours, and may be expired (promise 21).
    let private areSeveralOurs (home: Home) (header: StringValues) : bool =
        let name = home.Definition.Settings.CookieName
        let mutable walk = CookieWalk(header, name)
        let mutable count = 0

        while count <= CookieWalk.MostCandidates && walk.Next() do
            count <- count + 1

        // A single cookie, the usual case, is not verified again.
        if count < 2 || count > CookieWalk.MostCandidates then
            false
        else
            walk <- CookieWalk(header, name)
            let mutable index = 0
            let mutable areOurs = true

            while areOurs && walk.Next() do
                areOurs <- home.IsOurs header index walk.Value
                index <- index + 1

            areOurs

    /// The paths that a session's cookie may have had and that match this request, most likely first.
    let private paths (pathBase: string) (path: string) : string list =
        let segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries) |> List.ofArray

        [ "/"
          if pathBase <> "" then
              pathBase
              pathBase + "/"
          // A cookie's path may be a folder, but hardly a page.
          match segments with
          | first :: second :: _ ->
              $"{pathBase}/{first}"
              $"{pathBase}/{first}/"
              $"{pathBase}/{first}/{second}"
          | [ first ] -> $"{pathBase}/{first}"
          | [] -> () ]
        |> List.filter CookieRules.isPath
        |> List.distinct

    /// The domains that a session's cookie may have had: none, this host, and the domains above it except the top
    /// level.
    let private domains (host: string) : string option list =
        let rec above (domain: string) =
            match domain.IndexOf '.' with
            | -1 -> []
            | dot -> Some domain :: above (domain.Substring(dot + 1))

        let isAddress, _ = IPAddress.TryParse(host.AsSpan().Trim('[').Trim(']'))
        None :: (if isAddress || not (CookieRules.isDomain host) then [] else above host)

    let private places (o: SessionSettings) (host: string) (pathBase: string) (path: string) =
        // A __Host- cookie has only one place.
        if CookieRules.isHostOnly o.CookieName then
            []
        else
            let paths = paths pathBase path
            let others = domains host |> List.filter ((<>) o.CookieDomain)

            [ for path in paths do
                  if path <> o.CookiePath then
                      o.CookieDomain, path
              for domain in others do
                  domain, o.CookiePath
              for path in paths do
                  for domain in others do
                      if path <> o.CookiePath then
                          domain, path ]

    /// The other places to expire, with the number of pieces at each. Empty unless the request carried several cookies
    /// of the session, all of them ours. Each place is the session's cookie with another domain or path.
    let find (home: Home) (header: StringValues) (host: string) (pathBase: string) (path: string) : SessionCookie list =
        if not (areSeveralOurs home header) then
            []
        else
            let o = home.Definition.Settings
            let pieces = home.Held header
            let now = home.Definition.Now

            places o host pathBase path
            |> List.truncate (max 1 (most / (1 + pieces)))
            |> List.map (fun (domain, path) ->
                let cookie = SessionSettings.cookie { o with CookieDomain = domain; CookiePath = path }
                { Cookie = cookie; Lines = CookiePieces.lines cookie now (CookieChange.Expire pieces) })
