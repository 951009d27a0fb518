namespace Runa.Session

open System
open System.IO
open Microsoft.Extensions.Configuration

/// Checks a TOML file of settings by itself: without the application, its secret and its drivers.
[<RequireQualifiedAccess>]
module SessionFile =
    /// The sessions that every setup has, and the drivers that the library brings.
    let private defaults = SessionSetup.names SessionSetup.empty
    let private drivers = [ "cache"; "cookie"; "memory"; "redis"; "sql" ]

    let private ofSection (section: IConfigurationSection) : (string * SessionSettings) * string list =
        let settings, mistakes = SettingReaders.read section (SessionSettings.defaults section.Key)

        (section.Key, settings), SettingReaders.misplaced section @ mistakes

    /// An application may have drivers under names of its own, so only a name that is nearly a known one is a mistake.
    let private misspelt (name: string, o: SessionSettings) : string list =
        match Nearest.tryFind drivers o.Driver with
        | Some near when near <> o.Driver && Nearest.distance near o.Driver <= 2 ->
            [ $"session \"{name}\": driver = \"{o.Driver}\": there is no such driver. Did you mean \"{near}\"? Known: {Nearest.list drivers}, and those that the application registers." ]
        | _ -> []

    let private ofConfiguration (configuration: IConfiguration) : string list =
        let root = configuration.GetSection "session:sessions"
        let written, mistakes = root.GetChildren() |> List.ofSeq |> List.map ofSection |> List.unzip
        let isWritten name = written |> List.exists (fun (other, _) -> other = name)

        let all =
            written
            @ [ for name in defaults do
                    if not (isWritten name) then
                        name, SessionSettings.defaults name ]

        let inCookie = written |> List.filter (fun (_, o) -> o.Driver = "cookie")

        SettingReaders.misplacedRoot root
        @ List.concat mistakes
        @ List.collect (fun (name, o) -> SettingsRules.check name o) written
        @ SettingsRules.checkAll all
        @ SettingsRules.checkInCookie inCookie all
        @ List.collect
            (fun (name, o: SessionSettings) ->
                let isKnownAs (names: string list) = names |> List.exists (fun known -> o.Driver.Split(':')[0] = known)
                let hasOwners = not (isKnownAs [ "cache"; "cookie" ])
                SettingsRules.checkLimit name o hasOwners
                @ ProfileRules.checkDriver name o (isKnownAs [ "cookie" ]) hasOwners)
            written
        @ List.collect misspelt written

    /// Every mistake in the file, a sentence each, as the application would report them at startup. Empty: the file is
    /// right. A relative path starts at the current folder. Every session that the file names counts as registered,
    /// and drivers may have names of the application's own, so what only the application knows is not checked.
    let mistakes (path: string) : string list =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)

        try
            ofConfiguration (ConfigurationBuilder().AddSessionToml(Path.GetFullPath path).Build())
        with :? SessionConfigurationException as e ->
            List.ofSeq e.Errors
