namespace Runa.Session

open System
open Microsoft.Extensions.Configuration

/// A setting that nothing reads.
[<RequireQualifiedAccess>]
type internal Stray =
    /// It can only be meant for a session, so the application does not start.
    | Mistake of string
    /// It may be the application's own, so it is only logged.
    | Doubt of string

/// Finds settings of sessions in places that nothing reads (promise 23): `sessions:web:ttl` for
/// `session:sessions:web:ttl`.
module internal StraySettings =
    let private root = "session:sessions"

    /// The text without separators and case, which people mix up: `idleTimeout`, `idle-timeout` and `IDLE_TIMEOUT` are
    /// the same.
    let plain (text: string) : string = String.filter Char.IsLetterOrDigit (text.ToLowerInvariant())

    /// Roots that can only be this library's.
    let private ours =
        [ "sessionsessions"; "runasession"; "runasessions"; "runasessionsessions"; "runasessionsession" ]

    /// Roots that others use too.
    let private vague = [ "session"; "sessions"; "runa"; "sessionsession"; "appsession"; "appsessions" ]

    let private exactly (known: string list) (found: string) : string option =
        known |> List.tryFind (fun one -> plain one = plain found)

    /// The known word that is one letter off, or two letters in long words.
    let nearly (known: string list) (found: string) : string option =
        let found = plain found

        known
        |> List.tryFind (fun one ->
            let one = plain one
            let most = if one.Length > 8 then 2 else 1
            one.Length > 2 && abs (one.Length - found.Length) <= most && Nearest.distance one found <= most)

    /// The known word, and the number of misspelled words: 0 or 1.
    let private word (known: string list) (found: string) : (string * int) option =
        match exactly known found, nearly known found with
        | Some one, _ -> Some(one, 0)
        | None, Some one -> Some(one, 1)
        | None, None -> None

    /// The words of our root. Each may be misspelled.
    let private words = [ "session"; "sessions"; "runasession"; "runasessions" ]

    let private isOneOff (found: string) (one: string) =
        abs (one.Length - found.Length) <= 1 && Nearest.distance one found <= 1

    /// How many words may be misspelled after this root. None: the root is not like ours.
    let private allowance (before: string list) : int option =
        let parts = before |> List.map plain
        let all = String.Concat parts

        if List.contains all ours then
            Some 2
        elif List.contains all vague then
            Some 1
        elif parts |> List.forall (fun part -> part = "runa" || words |> List.exists (isOneOff part)) then
            Some(if parts.Length > 1 then 1 else 0)
        elif ours |> List.exists (isOneOff all) then
            Some 1
        // A prefix of environment variables that was not removed, or a section around our root.
        elif all.EndsWith("sessionsessions", StringComparison.Ordinal) then
            Some 1
        else
            None

    let private split (path: string) = path.Split(ConfigurationPath.KeyDelimiter) |> List.ofArray

    let private join (parts: string list) = String.Join(ConfigurationPath.KeyDelimiter, parts)

    /// Splits a path into its root, the session's name and the setting's key, if it contains a session and a setting.
    let private settings (names: string list) (parts: string list) : (string list * string * string list) list =
        [ for at in 0 .. parts.Length - 2 do
              match List.splitAt at parts with
              | before, name :: key :: rest ->
                  match word names name, word SettingReaders.keys key with
                  | Some(name, wrongName), Some(key, wrongKey) when (key = "meta") = (not rest.IsEmpty) ->
                      match before, allowance before with
                      | _ :: _, Some allowed when wrongName + wrongKey <= allowed -> before, name, key :: rest
                      | [], _ when wrongName + wrongKey = 0 -> before, name, key :: rest
                      | _ -> ()
                  | _ -> ()
              | _ -> () ]

    /// Reads a path that was joined into one variable's name: `SESSION_SESSIONS_WEB_TTL`.
    let private runTogether (names: string list) (path: string) : (string * string list) option =
        let path = plain path

        let isOf (name: string) (key: string) =
            path.EndsWith(plain key, StringComparison.Ordinal)
            && ours
               |> List.exists (fun root -> path.EndsWith(root + plain name + plain key, StringComparison.Ordinal))

        [ for name in names do
              for key in SettingReaders.keys do
                  if key <> "meta" && isOf name key then
                      name, [ key ] ]
        |> List.tryHead

    let private variable (path: string) = path.Replace(":", "__")

    let private mistake (found: string) (name: string) (right: string) : Stray =
        Stray.Mistake
            $"{found}: nothing reads this key. If it is a setting of the session \"{name}\", write {right} (in the environment: {variable right}); settings of sessions stand under {root}."

    let private isReadable (key: string list) (value: string) : bool =
        match key with
        | [ key ] ->
            match SettingReaders.readers.TryFind key with
            | Some read -> Result.isOk (read value (SessionSettings.defaults ""))
            | None -> false
        | _ -> false

    let private doubt (found: string) (right: string) : Stray =
        Stray.Doubt
            $"{found}: no part of Runa.Session reads this key. If it is meant for a session, write {right} (in the environment: {variable right})."

    /// `session:ttl`: a setting without the name of a session.
    let private nameless (parts: string list) (value: string) : Stray option =
        match List.rev parts with
        | key :: root when not root.IsEmpty && List.contains (plain (join (List.rev root))) (ours @ vague) ->
            match exactly SettingReaders.keys key with
            | Some key when isReadable [ key ] value -> Some(doubt (join parts) $"session:sessions:<name>:{key}")
            | _ -> None
        | _ -> None

    let private isRight (parts: string list) : bool =
        match parts with
        | first :: second :: _ ->
            first.Equals("session", StringComparison.OrdinalIgnoreCase)
            && second.Equals("sessions", StringComparison.OrdinalIgnoreCase)
        | _ -> false

    /// Judges one setting. `isRead` says whether the correct key has this value: the host removes the prefix
    /// ASPNETCORE_ of a variable, but also shows the variable as it is.
    let private judge
        (names: string list)
        (isRead: string -> string -> bool)
        (path: string)
        (value: string)
        : Stray option =
        let parts = split path
        let right (name: string) (key: string list) = join (root :: name :: key)

        match settings names parts, runTogether names path with
        | _ when isRight parts -> None
        | ([], name, key) :: _, _ ->
            if isReadable key value && not (isRead (right name key) value) then
                Some(doubt path (right name key))
            else
                None
        | (_, name, key) :: _, _
        | [], Some(name, key) ->
            if isRead (right name key) value then
                None
            else
                Some(mistake path name (right name key))
        | [], None -> nameless parts value

    /// All values of a configuration, by path.
    let leaves (configuration: IConfiguration) : (string * string) list =
        [ for KeyValue(path, value) in configuration.AsEnumerable(true) do
              match value with
              | NonNull value -> path, value
              | _ -> () ]
        |> List.sortBy fst

    /// Finds a setting if a section was given in place of the whole configuration.
    let private ofSection (names: string list) (section: IConfigurationSection) (path: string) : Stray option =
        let whole = split section.Path @ split path

        match whole with
        | _ :: _ :: name :: key :: _ when
            isRight whole && (exactly names name).IsSome && (exactly SettingReaders.keys key).IsSome
            ->
            Some(
                Stray.Mistake
                    $"{join whole}: nothing reads this key, as AddRunaSession was given the section \"{section.Path}\" of the configuration: give it the whole configuration."
            )
        | _ -> None

    /// Finds stray settings in the configuration that is read.
    let find (names: string list) (configuration: IConfiguration) : Stray list =
        let isRead (right: string) (value: string) = configuration[right] = value

        [ for path, value in leaves configuration do
              match configuration with
              | :? IConfigurationSection as section when (ofSection names section path).IsSome ->
                  yield! Option.toList (ofSection names section path)
              | _ -> yield! Option.toList (judge names isRead path value) ]

    /// Finds settings in the host's configuration if AddRunaSession was not given it.
    let findUnread (names: string list) (configuration: IConfiguration) : Stray list =
        [ for path, value in leaves configuration do
              match split path with
              | _ :: _ :: name :: key :: _ as parts when isRight parts ->
                  if (exactly names name).IsSome && (exactly SettingReaders.keys key).IsSome then
                      Stray.Mistake
                          $"{path}: nothing reads this key, as AddRunaSession was called without a configuration: call services.AddRunaSession(builder.Configuration, …)."
              | _ -> yield! Option.toList (judge names (fun _ _ -> false) path value) ]
