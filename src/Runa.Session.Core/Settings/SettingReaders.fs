namespace Runa.Session

open System
open System.Globalization
open Microsoft.Extensions.Configuration

/// Reads each key of a session's configuration.
module internal SettingReaders =
    /// Returns the settings with this value, or a text that says what is expected.
    type Reader = string -> SessionSettings -> Result<SessionSettings, string>

    let private text (put: string -> SessionSettings -> SessionSettings) : Reader = fun value o -> Ok(put value o)

    let private duration (put: TimeSpan -> SessionSettings -> SessionSettings) : Reader =
        fun value o ->
            match Duration.tryParse value with
            | Some span -> Ok(put span o)
            | None -> Error Duration.allowed

    let private durationOrOff (put: TimeSpan option -> SessionSettings -> SessionSettings) : Reader =
        fun value o ->
            if value.Equals("off", StringComparison.OrdinalIgnoreCase) then
                Ok(put None o)
            else
                duration (fun span -> put (Some span)) value o
                |> Result.mapError (fun allowed -> $"{allowed}, or off")

    let private flag (put: bool -> SessionSettings -> SessionSettings) : Reader =
        fun value o ->
            match Boolean.TryParse value with
            | true, flag -> Ok(put flag o)
            | _ -> Error "true or false"

    let private number (put: int -> SessionSettings -> SessionSettings) : Reader =
        fun value o ->
            match Int32.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, number when number > 0 -> Ok(put number o)
            | _ -> Error $"a whole number from 1 to {Int32.MaxValue}"

    let private choice (cases: (string * 'C) list) (put: 'C -> SessionSettings -> SessionSettings) : Reader =
        fun value o ->
            match cases |> List.tryFind (fun (name, _) -> name.Equals(value, StringComparison.OrdinalIgnoreCase)) with
            | Some(_, case) -> Ok(put case o)
            | None -> Error(String.Join(", ", cases |> List.map fst))

    let private clearSiteData = "clear_site_data"

    let private siteData: (string * SiteData) list =
        [ SiteData.Cookies; SiteData.Storage; SiteData.Cache; SiteData.ExecutionContexts; SiteData.All ]
        |> List.map (fun data -> string data, data)

    /// A reader for each key, except meta, which is a section. A list is read value by value.
    let readers: Map<string, Reader> =
        Map
            [ "driver", text (fun v o -> { o with Driver = v })
              "cookie_name", text (fun v o -> { o with CookieName = v })
              "cookie_domain", text (fun v o -> { o with CookieDomain = Some v })
              "cookie_path", text (fun v o -> { o with CookiePath = v })
              "secure",
              choice
                  [ "always", CookieSecure.Always
                    "same_as_request", CookieSecure.SameAsRequest
                    "never", CookieSecure.Never ]
                  (fun v o -> { o with Secure = v })
              "same_site",
              choice
                  [ "lax", SameSite.Lax
                    "strict", SameSite.Strict
                    "none", SameSite.None
                    "unspecified", SameSite.Unspecified ]
                  (fun v o -> { o with SameSite = v })
              "partitioned", flag (fun v o -> { o with Partitioned = v })
              "essential", flag (fun v o -> { o with IsEssential = v })
              "persistent", flag (fun v o -> { o with Persistent = v })
              "ttl", duration (fun v o -> { o with Ttl = v })
              "max_ttl", duration (fun v o -> { o with MaxTtl = v })
              "idle_timeout", duration (fun v o -> { o with IdleTimeout = Some v })
              "shared", flag (fun v o -> { o with Shared = v })
              "sealed", flag (fun v o -> { o with Sealed = v })
              "max_bytes", number (fun v o -> { o with MaxBytes = v })
              "on_unreadable",
              choice [ "replace", OnUnreadable.Replace; "error", OnUnreadable.Error ] (fun v o ->
                  { o with OnUnreadable = v })
              "max_sessions", number (fun v o -> { o with MaxSessions = Some v })
              "when_full",
              choice [ "end_oldest", WhenFull.EndOldest; "refuse", WhenFull.Refuse ] (fun v o ->
                  { o with WhenFull = v })
              "rotate", durationOrOff (fun v o -> { o with Rotate = v })
              "on_theft",
              choice [ "revoke", OnTheft.Revoke; "ignore", OnTheft.Ignore ] (fun v o -> { o with OnTheft = v })
              "device_bound",
              choice [ "off", DeviceBound.Off; "offer", DeviceBound.Offer; "require", DeviceBound.Require ] (fun v o ->
                  { o with DeviceBound = v })
              clearSiteData,
              choice siteData (fun v o -> { o with ClearSiteData = List.distinct (o.ClearSiteData @ [ v ]) })
              "profile", choice ProfileRules.names (fun v o -> { o with Profile = Some v }) ]

    let keys = "meta" :: List.map fst (Map.toList readers)

    let private readMeta
        where
        (section: IConfigurationSection)
        (settings: SessionSettings)
        : SessionSettings * string list =
        let entries = section.GetChildren() |> List.ofSeq
        let isText (entry: IConfigurationSection) = not (isNull entry.Value) && Seq.isEmpty (entry.GetChildren())

        let errors =
            [ if not (String.IsNullOrEmpty section.Value) then
                  $"{section.Path} = \"{section.Value}\": must be a section of text values.{where section.Path}"
              for entry in entries do
                  if not (isText entry) then
                      $"{entry.Path}: must be a text value.{where entry.Path}" ]

        let meta =
            entries
            |> List.filter isText
            |> List.fold
                (fun (meta: Map<string, string>) entry -> meta.Add(entry.Key, string entry.Value))
                settings.Meta

        { settings with Meta = meta }, errors

    let private readValue where (section: IConfigurationSection) (read: Reader) (value: string) settings =
        match read value settings with
        | Ok settings -> settings, []
        | Error allowed -> settings, [ $"{section.Path} = \"{value}\": expected {allowed}.{where section.Path}" ]

    /// Reads a list, which replaces what was there, or a single value. An empty list has an empty value.
    let private readList where (section: IConfigurationSection) (read: Reader) (settings: SessionSettings) =
        let entries =
            match section.Value with
            | null -> List.ofSeq (section.GetChildren())
            | "" -> []
            | _ -> [ section ]

        entries
        |> List.fold
            (fun (settings, errors) entry ->
                match entry.Value with
                | null -> settings, errors @ [ $"{entry.Path}: must be a text value.{where entry.Path}" ]
                | value ->
                    let settings, more = readValue where entry read value settings
                    settings, errors @ more)
            (settings, [])

    let private readOne
        (where: string -> string)
        (section: IConfigurationSection)
        (settings: SessionSettings)
        : SessionSettings * string list =
        let key = section.Key.ToLowerInvariant()

        match readers.TryFind key with
        | _ when key = "meta" -> readMeta where section settings
        | Some read when key = clearSiteData -> readList where section read { settings with ClearSiteData = [] }
        | None ->
            settings,
            [ $"{section.Path}: unknown key.{Nearest.hint keys key} Known: {Nearest.list keys}.{where section.Path}" ]
        | Some read ->
            match section.Value with
            | null ->
                settings, [ $"{section.Path}: must be a single value, not a section or a list.{where section.Path}" ]
            | value -> readValue where section read value settings

    /// The mistake of a single value where the sections of all sessions are expected.
    let misplacedRoot (root: IConfigurationSection) : string list =
        [ if not (String.IsNullOrEmpty root.Value) then
              $"{root.Path}: must be a section with one section for each session, not a single value." ]

    /// The mistake of a single value where a session's section is expected.
    let misplaced (section: IConfigurationSection) : string list =
        [ if not (String.IsNullOrEmpty section.Value) then
              $"{section.Path}: must be a section of settings, not a single value." ]

    /// The mistake of a section for a session that is not registered.
    let unregistered (where: string -> string) (names: string list) (section: IConfigurationSection) : string =
        $"{section.Path}: there is {Nearest.noSession names section.Key} Register it with SessionSetup.session (in C#: AddSession).{where section.Path}"

    /// The settings with all values of the section, and the mistakes in it. `where` says where a key was written, in a
    /// sentence that follows a blank.
    let readFrom
        (where: string -> string)
        (section: IConfigurationSection)
        (settings: SessionSettings)
        : SessionSettings * string list =
        section.GetChildren()
        |> Seq.fold
            (fun (settings, errors) child ->
                let settings, more = readOne where child settings
                settings, errors @ more)
            (settings, [])

    /// Like readFrom, without the places.
    let read (section: IConfigurationSection) (settings: SessionSettings) : SessionSettings * string list =
        readFrom (fun _ -> "") section settings
