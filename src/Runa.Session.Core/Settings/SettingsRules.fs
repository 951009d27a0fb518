namespace Runa.Session

open System

/// Checks settings at startup (promises 19 and 23).
module internal SettingsRules =
    let private isSessionName (name: string) =
        name.Length > 0
        && name.Length <= 64
        && name |> Seq.forall (fun c -> Char.IsAsciiLetterOrDigit c || c = '_' || c = '-' || c = '.')

    /// What a cookie with this prefix cannot be.
    let private prefixed (prefix: string) (o: SessionSettings) : string list =
        let rename = "choose another cookie_name to change this"

        [ if o.Secure <> CookieSecure.Always then
              $"secure = {SettingTexts.secure o.Secure}: a cookie named {prefix}… must be Secure (always); {rename}"

          if CookieRules.isHttpOnly o.CookieName && not o.HttpOnly then
              $"HttpOnly = false: a cookie named {prefix}… is hidden from scripts (true); {rename}"

          if CookieRules.isHostOnly o.CookieName then
              if o.CookiePath <> "/" then
                  $"cookie_path = \"{o.CookiePath}\": a cookie named {prefix}… has the path /; {rename}"

              match o.CookieDomain with
              | Some domain -> $"cookie_domain = \"{domain}\": a cookie named {prefix}… has no domain; {rename}"
              | None -> ()

              if o.Shared then
                  $"shared = true: a cookie named {prefix}… reaches one host only; choose another cookie_name, and a cookie_domain, to share the session" ]

    let private cookie (o: SessionSettings) : string list =
        [ if not (CookieRules.isName o.CookieName) then
              $"cookie_name = \"{o.CookieName}\": a cookie's name is 1 to 128 letters, digits or any of !#$%%&'*+-.^_`|~"

          if not (CookieRules.isPath o.CookiePath) then
              $"cookie_path = \"{o.CookiePath}\": a path begins with / and has visible ASCII characters only, no semicolon"

          match o.CookieDomain with
          | Some domain when not (CookieRules.isDomain domain) ->
              $"cookie_domain = \"{domain}\": a domain is like example.com, with no leading dot, port or scheme"
          | _ -> ()

          match CookieRules.prefixOf o.CookieName with
          | Some prefix -> yield! prefixed prefix o
          | None -> ()

          if o.SameSite = SameSite.None && o.Secure <> CookieSecure.Always then
              $"same_site = none: browsers take it with secure = always only, not with {SettingTexts.secure o.Secure}"

          if o.Partitioned && o.Secure <> CookieSecure.Always then
              $"partitioned = true: browsers take it with secure = always only, not with {SettingTexts.secure o.Secure}" ]

    let private life (o: SessionSettings) : string list =
        let longest = TimeSpan.FromDays 400. // RFC 6265bis §5.5: browsers keep no cookie longer

        [ if o.Ttl < TimeSpan.FromSeconds 1. || o.Ttl > longest then
              $"ttl = {Duration.write o.Ttl}: must be from 1 second to 400 days"

          if o.MaxTtl < o.Ttl || o.MaxTtl > longest then
              $"max_ttl = {Duration.write o.MaxTtl}: must be from the ttl ({Duration.write o.Ttl}) to 400 days"

          match o.IdleTimeout with
          | Some idle when idle < TimeSpan.FromSeconds 1. ->
              $"idle_timeout = {Duration.write idle}: must be at least 1 second"
          | Some idle when idle > o.Ttl ->
              $"idle_timeout = {Duration.write idle}: must be not longer than the ttl ({Duration.write o.Ttl})"
          | _ -> ()

          if o.MaxBytes < 1 then
              $"max_bytes = {o.MaxBytes}: must be at least 1"

          match o.MaxSessions with
          | Some most when most < 1 -> $"max_sessions = {most}: must be at least 1"
          | None when o.WhenFull = WhenFull.Refuse ->
              "when_full = refuse: there is no max_sessions; set it, or leave this out"
          | _ -> () ]

    let private theft (o: SessionSettings) : string list =
        // Rotation.grace, and some use of each token.
        let shortest = TimeSpan.FromMinutes 10.

        [ match o.Rotate with
          | Some every when every < shortest ->
              $"rotate = {Duration.write every}: must be at least {Duration.write shortest}, since requests that are under way and clocks that differ need 6 minutes"
          | None when o.OnTheft = OnTheft.Ignore && not (DeviceRules.isBound o) ->
              "on_theft = ignore: without rotate or device_bound no theft is noticed; set one of them, or leave this out"
          | _ -> () ]

    /// The mistakes in one session's settings. Each is a sentence that begins with the session's name.
    let check (name: string) (o: SessionSettings) : string list =
        [ if not (isSessionName name) then
              "a session's name is 1 to 64 letters, digits, dots, hyphens or underscores"

          yield! cookie o
          yield! life o
          yield! theft o
          yield! DeviceRules.check o ]
        |> List.map (fun mistake -> $"session \"{name}\": {mistake}.")
        |> fun mistakes -> mistakes @ ProfileRules.check name o

    /// The mistakes in the settings of sessions that live in their cookies. `all` are the sessions of the application.
    let checkInCookie (inCookie: (string * SessionSettings) list) (all: (string * SessionSettings) list) : string list =
        [ for name, o in inCookie do
              if o.IdleTimeout.IsSome then
                  $"session \"{name}\": idle_timeout: a session in its cookie (driver = \"{o.Driver}\") has no idle timeout, as every request would have to send the cookie anew; leave it out, or choose a driver with a store."

              if o.CookiePath.Length > CookiePieces.longestPath then
                  $"session \"{name}\": cookie_path: {o.CookiePath.Length} characters are too many; with the driver \"{o.Driver}\" a path has at most {CookiePieces.longestPath}."

              let pieces = [ for piece in 1 .. CookiePieces.most -> CookiePieces.nameOf o.CookieName piece ]

              for other, settings in all do
                  if List.contains settings.CookieName pieces then
                      $"sessions \"{name}\" and \"{other}\": cookie_name = \"{settings.CookieName}\": a long cookie {o.CookieName} is split into pieces, and one of them has this name; choose another name." ]

    /// The mistake of a limit on a driver that cannot count an owner's sessions.
    let checkLimit (name: string) (o: SessionSettings) (hasOwners: bool) : string list =
        match o.MaxSessions with
        | Some most when not hasOwners ->
            [ $"session \"{name}\": max_sessions = {most}: the driver \"{o.Driver}\" cannot list sessions by owner; choose memory, sql or redis, or leave it out." ]
        | _ -> []

    /// The mistake of a rotation on a driver that cannot tell which of two writes was first.
    let checkRotation (name: string) (o: SessionSettings) (comparesAndSwaps: bool) : string list =
        match o.Rotate with
        | Some every when not comparesAndSwaps ->
            [ $"session \"{name}\": rotate = {Duration.write every}: the driver \"{o.Driver}\" cannot compare and swap, so two requests could rotate to different tokens; choose memory, sql or redis, or leave it out." ]
        | _ -> []

    /// The name that the cookie should have: its own, with the strictest prefix that the settings allow. None: it has a
    /// prefix, or cannot have one.
    let betterName (o: SessionSettings) : string option =
        if o.Secure <> CookieSecure.Always || (CookieRules.prefixOf o.CookieName).IsSome then
            None
        else
            let isOfHost = o.CookiePath = "/" && o.CookieDomain.IsNone && not o.Shared

            (if isOfHost then CookieRules.hostPrefix else CookieRules.securePrefix) + o.CookieName
            |> Some
            |> Option.filter (fun better ->
                CookieRules.isName better
                && (not (DeviceRules.isBound o) || DeviceRules.hasRoom { o with CookieName = better }))

    /// The mistakes of sessions whose cookies have one name.
    let private sameNames (sessions: (string * SessionSettings) list) : string list =
        sessions
        |> List.groupBy (fun (_, o) -> o.CookieName)
        |> List.collect (fun (cookieName, group) ->
            match group with
            | []
            | [ _ ] -> []
            | group ->
                let names = String.Join(" and ", group |> List.map (fun (name, _) -> $"\"{name}\""))
                [ $"sessions {names}: cookie_name = \"{cookieName}\": each session needs a cookie name of its own." ])

    /// The mistakes that involve several sessions.
    let checkAll (sessions: (string * SessionSettings) list) : string list =
        sameNames sessions @ DeviceRules.checkAll sessions
