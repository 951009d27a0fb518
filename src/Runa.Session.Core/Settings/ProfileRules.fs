namespace Runa.Session

open System

/// Checks settings against the requirements of the profile that a session claims: OWASP ASVS 5.0, level 2, or NIST SP
/// 800-63B-4, AAL2 or AAL3. What a standard only recommends counts, too.
module internal ProfileRules =
    /// The value as it stands in configuration.
    let text (profile: SessionProfile) : string =
        match profile with
        | SessionProfile.AsvsL2 -> "asvs-l2"
        | SessionProfile.NistAal2 -> "nist-aal2"
        | SessionProfile.NistAal3 -> "nist-aal3"

    let names: (string * SessionProfile) list =
        [ for profile in [ SessionProfile.AsvsL2; SessionProfile.NistAal2; SessionProfile.NistAal3 ] ->
              text profile, profile ]

    let private cookie (requirement: string -> string) (o: SessionSettings) : string list =
        let hasPrefix = (CookieRules.prefixOf o.CookieName).IsSome

        [ if o.Secure <> CookieSecure.Always then
              $"""secure: {requirement "secure"} wants the cookie to be Secure, always"""

          // A cookie for several hosts cannot have the prefix __Host-.
          if not (CookieRules.isHostOnly o.CookieName || hasPrefix && o.CookieDomain.IsSome) then
              $"""cookie_name = "{o.CookieName}": {requirement "prefix"} wants a name that begins with __Host- or __Host-Http- (with __Secure- or __Http-, for a cookie with a cookie_domain)"""

          if not o.HttpOnly then
              $"""HttpOnly = false: {requirement "script"} wants the cookie hidden from scripts"""

          match o.SameSite with
          | SameSite.Lax
          | SameSite.Strict -> ()
          | SameSite.None
          | SameSite.Unspecified -> $"""same_site: {requirement "site"} wants lax or strict""" ]

    let private idle (requirement: string) (longest: TimeSpan option) (o: SessionSettings) : string list =
        match o.IdleTimeout, longest with
        | None, None -> [ $"idle_timeout is not set: {requirement} wants a session to end without activity" ]
        | None, Some longest ->
            [ $"idle_timeout is not set: {requirement} wants a session to end after at most {Duration.write longest} without activity" ]
        | Some idle, Some longest when idle > longest ->
            [ $"idle_timeout = {Duration.write idle}: {requirement} wants at most {Duration.write longest}" ]
        | Some _, _ -> []

    let private asvsCookie (about: string) : string =
        match about with
        | "secure" -> "ASVS 3.3.1"
        | "prefix" -> "ASVS 3.3.1 and 3.3.3"
        | "script" -> "ASVS 3.3.4"
        | _ -> "ASVS 3.3.2"

    let private nistCookie (about: string) : string =
        match about with
        | "secure" -> "SP 800-63B-4 5.1.1 (1)"
        | "prefix" -> "SP 800-63B-4 5.1.1 (5)"
        | "script" -> "SP 800-63B-4 5.1.1 (3)"
        | _ -> "SP 800-63B-4 5.1.1 (6)"

    let private nist (section: string) (overall: TimeSpan) (longestIdle: TimeSpan) (o: SessionSettings) : string list =
        let requirement = $"SP 800-63B-4 {section}"

        [ if o.MaxTtl > overall then
              $"max_ttl = {Duration.write o.MaxTtl}: {requirement} wants a new sign-in after at most {Duration.write overall}"

          yield! idle requirement (Some longestIdle) o

          if o.Persistent then
              "persistent = true: SP 800-63B-4 5.1 wants the cookie to end with the browser (false)"

          yield! cookie nistCookie o ]

    let private prefixed (name: string) (profile: SessionProfile) (mistakes: string list) : string list =
        mistakes
        |> List.map (fun mistake -> $"session \"{name}\": profile = \"{text profile}\": {mistake}.")

    /// The deviations of the settings; each names the requirement.
    let check (name: string) (o: SessionSettings) : string list =
        match o.Profile with
        | None -> []
        | Some profile ->
            match profile with
            | SessionProfile.AsvsL2 -> idle "ASVS 7.3.1" None o @ cookie asvsCookie o
            | SessionProfile.NistAal2 -> nist "2.2.3" (TimeSpan.FromHours 24.) (TimeSpan.FromHours 1.) o
            | SessionProfile.NistAal3 -> nist "2.3.3" (TimeSpan.FromHours 12.) (TimeSpan.FromMinutes 15.) o
            |> prefixed name profile

    /// The deviations of the driver: whether it has a store, and whether sessions can be ended by their owner.
    let checkDriver (name: string) (o: SessionSettings) (isCookie: bool) (hasOwners: bool) : string list =
        match o.Profile with
        | None -> []
        | Some profile ->
            [ match profile with
              | SessionProfile.AsvsL2 when isCookie ->
                  $"driver = \"{o.Driver}\": ASVS 7.4.1 wants a sign-out to end the session, and a copied cookie outlives it; choose a driver with a store"
              | SessionProfile.AsvsL2 when not hasOwners ->
                  $"driver = \"{o.Driver}\": ASVS 7.4.2, 7.4.3, 7.4.5 and 7.5.2 want all sessions of a user listed and ended, which it cannot do; choose memory, sql or redis"
              | SessionProfile.NistAal2
              | SessionProfile.NistAal3 when isCookie ->
                  $"driver = \"{o.Driver}\": SP 800-63B-4 5.1 wants a session to end at the sign-out, and a copied cookie outlives it; choose a driver with a store"
              | _ -> () ]
            |> prefixed name profile
