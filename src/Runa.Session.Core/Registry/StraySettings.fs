namespace Runa.Session

open System
open Microsoft.Extensions.Configuration

/// What is wrong with a setting that nothing reads.
[<RequireQualifiedAccess>]
type internal Stray =
    /// It can only be meant for a session: the application does not start.
    | Mistake of string
    /// It may be the application's own: a warning.
    | Doubt of string

/// Settings of sessions that stand where nothing reads them (promise 23): `sessions:web:ttl` for `session:sessions:web:ttl`.
module internal StraySettings =
    let private root = "session:sessions"

    /// Without what separates words, as they are mixed up: `idleTimeout`, `idle-timeout` and `IDLE_TIMEOUT` are one.
    let plain (text: string) : string = String.filter Char.IsLetterOrDigit (text.ToLowerInvariant())

    /// What can only be this library's root.
    let private ours =
        [ "sessionsessions"; "runasession"; "runasessions"; "runasessionsessions"; "runasessionsession" ]

    /// Roots that other things have, too.
    let private vague = [ "session"; "sessions"; "runa"; "sessionsession"; "appsession"; "appsessions" ]

    let private exactly (known: string list) (found: string) : string option =
        known |> List.tryFind (fun one -> plain one = plain found)

    /// One letter off; in long words two.
    let nearly (known: string list) (found: string) : string option =
        let found = plain found

        known
        |> List.tryFind (fun one ->
            let one = plain one
            let most = if one.Length > 8 then 2 else 1
            one.Length > 2 && abs (one.Length - found.Length) <= most && Nearest.distance one found <= most)

    /// The known word, and whether it is misspelled.
    let private word (known: string list) (found: string) : (string * int) option =
        match exactly known found, nearly known found with
        | Some one, _ -> Some(one, 0)
        | None, Some one -> Some(one, 1)
        | None, None -> None

    /// The words of our root, each of which may be misspelled.
    let private words = [ "session"; "sessions"; "runasession"; "runasessions" ]

    let private isOneOff (found: string) (one: string) =
        abs (one.Length - found.Length) <= 1 && Nearest.distance one found <= 1

    /// How many words may be misspelled after this root; None: it is not like ours.
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
        // A prefix of the environment's variables that nobody took away, a section around it all.
        elif all.EndsWith("sessionsessions", StringComparison.Ordinal) then
            Some 1
        else
            None

    let private split (path: string) = path.Split(ConfigurationPath.KeyDelimiter) |> List.ofArray

    let private join (parts: string list) = String.Join(ConfigurationPath.KeyDelimiter, parts)

    /// Root, name, key and the rest of a path, if the middle is a session and one of its settings.
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

    /// `SESSION_SESSIONS_WEB_TTL`: the parts of a path run together in one variable's name.
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
            $"{found} is read by nothing of this library. If it is meant for a session, write {right} (in the environment: {variable right})."

    /// `session:ttl`: a setting of no session.
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

    /// `isRead`: what stands where it belongs is read. The host takes the prefix ASPNETCORE_ away, and shows the variable as
    /// it is, too.
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

    /// Every value of a configuration, by its path.
    let leaves (configuration: IConfiguration) : (string * string) list =
        [ for KeyValue(path, value) in configuration.AsEnumerable(true) do
              match value with
              | NonNull value -> path, value
              | _ -> () ]
        |> List.sortBy fst

    /// A section was given in the place of the whole: its own paths are those of the whole.
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

    /// In the configuration that is read.
    let find (names: string list) (configuration: IConfiguration) : Stray list =
        let isRead (right: string) (value: string) = configuration[right] = value

        [ for path, value in leaves configuration do
              match configuration with
              | :? IConfigurationSection as section when (ofSection names section path).IsSome ->
                  yield! Option.toList (ofSection names section path)
              | _ -> yield! Option.toList (judge names isRead path value) ]

    /// In a host's configuration, where none was given to read.
    let findUnread (names: string list) (configuration: IConfiguration) : Stray list =
        [ for path, value in leaves configuration do
              match split path with
              | _ :: _ :: name :: key :: _ as parts when isRight parts ->
                  if (exactly names name).IsSome && (exactly SettingReaders.keys key).IsSome then
                      Stray.Mistake
                          $"{path}: nothing reads this key, as AddRunaSession was called without a configuration: call services.AddRunaSession(builder.Configuration, …)."
              | _ -> yield! Option.toList (judge names (fun _ _ -> false) path value) ]
