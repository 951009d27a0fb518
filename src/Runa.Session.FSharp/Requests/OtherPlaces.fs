namespace Runa.Session

open System
open System.Net
open Microsoft.Extensions.Primitives

/// Cookies of a session that a browser still holds at another path or domain, from before cookie_path or cookie_domain was
/// changed.
module internal OtherPlaces =
    /// So many Set-Cookie lines at the most.
    let most = 8

    let private isOurs (session: NamedSession) (header: StringValues) (place: int) (value: ReadOnlySpan<char>) =
        match session.Seal with
        | ValueNone ->
            match session.Token.Read value with
            | TokenReading.Genuine _ -> true
            | TokenReading.Foreign
            | TokenReading.Malformed -> false
        | ValueSome seal ->
            let reading =
                match CookiePieces.tryCount value with
                | ValueNone -> seal.Open value
                | ValueSome count ->
                    match CookiePieces.tryJoin header session.Settings.CookieName place count with
                    | ValueSome joined -> seal.Open(joined.AsSpan())
                    | ValueNone -> SealReading.Malformed

            match reading with
            | SealReading.Opened _ -> true
            | SealReading.Foreign
            | SealReading.Malformed -> false

    /// Whether the request carried several cookies of the session's name, all of them genuinely ours: then whatever of that
    /// name a browser holds at a prefix of the request's path is ours to take back, and nobody else's (promise 21).
    let private areSeveralOurs (session: NamedSession) (header: StringValues) : bool =
        let name = session.Settings.CookieName
        let mutable count = 0
        let mutable areOurs = true

        let mutable line = 0

        while areOurs && line < header.Count do
            match header[line] with
            | null -> ()
            | text ->
                let mutable position = 0
                let mutable start = 0
                let mutable length = 0

                while areOurs && CookieHeader.tryNext (text, name, &position, &start, &length) do
                    count <- count + 1

                    // A single one, the usual case, is not verified once more.
                    if count > TokenSearch.mostCandidates then
                        areOurs <- false

            line <- line + 1

        if count < 2 || not areOurs then
            false
        else
            let mutable place = 0
            line <- 0

            while areOurs && line < header.Count do
                match header[line] with
                | null -> ()
                | text ->
                    let mutable position = 0
                    let mutable start = 0
                    let mutable length = 0

                    while areOurs && CookieHeader.tryNext (text, name, &position, &start, &length) do
                        areOurs <- isOurs session header place (text.AsSpan(start, length))
                        place <- place + 1

                line <- line + 1

            areOurs

    /// The paths that a session's cookie may have had and that match this request, the likeliest first.
    let private paths (pathBase: string) (path: string) : string list =
        let segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries) |> List.ofArray

        [ "/"
          if pathBase <> "" then
              pathBase
              pathBase + "/"
          // A page is no path of cookies, a folder may be.
          match segments with
          | first :: second :: _ ->
              $"{pathBase}/{first}"
              $"{pathBase}/{first}/"
              $"{pathBase}/{first}/{second}"
          | [ first ] -> $"{pathBase}/{first}"
          | [] -> () ]
        |> List.filter CookieRules.isPath
        |> List.distinct

    /// This host alone, this host with those below it, and the domains above that are not a top-level one.
    let private domains (host: string) : string option list =
        let rec above (domain: string) =
            match domain.IndexOf '.' with
            | -1 -> []
            | dot -> Some domain :: above (domain.Substring(dot + 1))

        let isAddress, _ = IPAddress.TryParse(host.AsSpan().Trim('[').Trim(']'))
        None :: (if isAddress || not (CookieRules.isDomain host) then [] else above host)

    let private places (o: SessionSettings) (host: string) (pathBase: string) (path: string) =
        // Such a cookie has one place only.
        if CookieRules.hasPrefix CookieRules.hostPrefix o.CookieName then
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

    /// The Set-Cookie texts that take back what the browser holds elsewhere, where the request shows that it holds something
    /// and all of it is ours; otherwise none.
    let expire
        (session: NamedSession)
        (header: StringValues)
        (host: string)
        (pathBase: string)
        (path: string)
        (isHttps: bool)
        : string list =
        if not (areSeveralOurs session header) then
            []
        else
            let o = session.Settings
            let pieces = if session.Seal.IsSome then CookiePieces.held header o.CookieName else 0

            places o host pathBase path
            |> List.truncate (max 1 (most / (1 + pieces)))
            |> List.collect (fun (domain, path) ->
                let there =
                    SetCookie(
                        o.CookieName,
                        domain,
                        path,
                        o.HttpOnly,
                        o.Secure,
                        o.SameSite,
                        o.Partitioned,
                        o.Persistent
                    )

                CookiePieces.expire there pieces isHttps)
