namespace Runa.Session

open System
open System.IO
open Microsoft.Extensions.Configuration

/// A TOML file that a person names, so that messages name it alike. A relative path starts at the current folder.
[<Sealed>]
type internal NamedTomlSource(path: string) =
    interface IConfigurationSource with
        member _.Build _ = SessionTomlProvider(TomlPlace.Disk(Path.GetFullPath path, None), path, false)

/// Checks a TOML file of settings by itself: without the application, its secret and its drivers.
[<RequireQualifiedAccess>]
module SessionFile =
    /// The sessions that every setup has, and the drivers that the library brings.
    let private defaults = SessionSetup.names SessionSetup.empty
    let private drivers = [ "cache"; "cookie"; "memory"; "redis"; "sql" ]

    let private ofSection
        (where: string -> string)
        (section: IConfigurationSection)
        : (string * SessionSettings) * string list =
        let settings, mistakes = SettingReaders.readFrom where section (SessionSettings.defaults section.Key)

        (section.Key, settings), SettingReaders.misplaced section @ mistakes

    /// An application may have drivers under names of its own, so only a name that is nearly a known one is a mistake.
    let private misspelt (name: string, o: SessionSettings) : string list =
        match Nearest.tryFind drivers o.Driver with
        | Some near when near <> o.Driver && Nearest.distance near o.Driver <= 2 ->
            [ $"session \"{name}\": driver = \"{o.Driver}\": there is no such driver. Did you mean \"{near}\"? Known: {Nearest.list drivers}, and those that the application registers." ]
        | _ -> []

    /// The mistakes of sessions that the application does not register.
    let private unknown (where: string -> string) (names: string list) (root: IConfigurationSection) : string list =
        let isKnown (key: string) =
            names |> List.exists (fun name -> name.Equals(key, StringComparison.OrdinalIgnoreCase))

        [ for child in root.GetChildren() do
              if not (isKnown child.Key) then
                  SettingReaders.unregistered where names child ]

    /// `registered`: the sessions of the application. None: every session that the file names counts as registered.
    let private ofConfiguration (registered: string list option) (configuration: IConfiguration) : string list =
        let where = SettingPlaces.say configuration
        let root = configuration.GetSection "session:sessions"
        let written, mistakes = root.GetChildren() |> List.ofSeq |> List.map (ofSection where) |> List.unzip
        let isWritten name = written |> List.exists (fun (other, _) -> other = name)
        let known = defaults @ Option.defaultValue [] registered |> List.distinct

        let all =
            written
            @ [ for name in known do
                    if not (isWritten name) then
                        name, SessionSettings.defaults name ]

        let inCookie = written |> List.filter (fun (_, o) -> o.Driver = "cookie")

        SettingReaders.misplacedRoot root
        @ (if registered.IsSome then unknown where known root else [])
        @ List.concat mistakes
        @ List.collect (fun (name, o) -> SettingsRules.check name o) written
        @ SettingsRules.checkAll all
        @ SettingsRules.checkInCookie inCookie all
        @ List.collect
            (fun (name, o: SessionSettings) ->
                let isKnownAs (names: string list) = names |> List.exists (fun known -> o.Driver.Split(':')[0] = known)
                let isCookie = isKnownAs [ "cookie" ]
                // The other drivers of the library list by owner, and compare and swap.
                let isFull = not (isCookie || isKnownAs [ "cache" ])

                SettingsRules.checkLimit name o isFull
                @ SettingsRules.checkRotation name o isFull
                @ DeviceRules.checkDriver name o isCookie isFull
                @ ProfileRules.checkDriver name o isCookie isFull)
            written
        @ List.collect misspelt written

    let private check (registered: string list option) (path: string) : string list =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)

        try
            ofConfiguration registered (ConfigurationBuilder().Add(NamedTomlSource path).Build())
        with :? SessionConfigurationException as e ->
            List.ofSeq e.Errors

    /// Every mistake in the file, a sentence each, as the application would report them at startup. Empty: the file is
    /// right. A relative path starts at the current folder. Every session that the file names counts as registered,
    /// and drivers may have names of the application's own, so what only the application knows is not checked. To find
    /// misspelled sessions, use mistakesFor.
    let mistakes (path: string) : string list = check None path

    /// Like mistakes, for an application that registers these sessions, and web, admin and api, which are always
    /// registered: another session in the file is a mistake.
    let mistakesFor (sessions: string list) (path: string) : string list = check (Some sessions) path
