namespace Runa.Session

open System
open System.Collections
open System.Collections.Generic
open System.Globalization
open Tomlyn
open Tomlyn.Model
open Tomlyn.Parsing
open Tomlyn.Syntax

/// Turns TOML text into configuration keys, each under "session:".
module internal SessionToml =
    let private tables = [ "sessions" ]

    let private textOf (value: obj) : string =
        match value with
        | :? bool as flag -> if flag then "true" else "false"
        | value -> string (Convert.ToString(value, CultureInfo.InvariantCulture))

    let rec private flatten (path: string) (value: objnull) : KeyValuePair<string, string | null> list =
        match value with
        | null -> []
        // Like other configuration sources, so that an empty list in the place of a value is noticed.
        | :? TomlArray as items when items.Count = 0 -> [ KeyValuePair(path, "") ]
        | :? TomlTable as table ->
            [ for KeyValue(key, value) in table do
                  yield! flatten $"{path}:{key}" value ]
        | :? string as text -> [ KeyValuePair(path, text) ]
        | :? IEnumerable as items ->
            [ for index, item in Seq.indexed (Seq.cast<objnull> items) do
                  yield! flatten $"{path}:{index}" item ]
        | value -> [ KeyValuePair(path, textOf value) ]

    /// `file(line,column): what is wrong`. Lines and columns count from one.
    let private mistake (file: string) (message: DiagnosticMessage) =
        let at = message.Span.Start
        $"{file}({at.Line + 1},{at.Column + 1}): {message.Message}"

    /// Raises for keys that differ only in case: TOML tells Ttl from ttl, configuration keys do not.
    let private distinct (file: string) (pairs: KeyValuePair<string, string | null> list) =
        let twice =
            pairs
            |> List.countBy (fun pair -> pair.Key.ToLowerInvariant())
            |> List.filter (fun (_, count) -> count > 1)

        match twice with
        | [] -> pairs
        | twice ->
            raise (
                SessionConfigurationException
                    [ for key, _ in twice ->
                          $"{file}: {key} is written twice (upper and lower case count as the same): remove one of them." ]
            )

    /// ` Did you mean [sessions.web]?`, for a table that has settings of a session.
    let private hint (key: string, value: objnull) : string =
        match value with
        | :? TomlTable as table when table.Keys |> Seq.exists (fun key -> List.contains key SettingReaders.keys) ->
            $" Did you mean [sessions.{key}]?"
        | _ -> Nearest.hint tables key

    let private syntaxMistakes (file: string) (document: DocumentSyntax) : string list =
        if file.EndsWith(".json", StringComparison.OrdinalIgnoreCase) then
            [ $"{file}: a TOML file is expected, not JSON. Hosts read their appsettings.json by themselves, and another JSON file by AddJsonFile." ]
        else
            [ for message in document.Diagnostics -> mistake file message ]

    /// Raises SessionConfigurationException with every mistake in the text.
    let parse (file: string) (text: string) : KeyValuePair<string, string | null> list =
        let document = SyntaxParser.Parse(text, file, true)

        if document.HasErrors then
            raise (SessionConfigurationException(syntaxMistakes file document))

        match TomlSerializer.Deserialize<TomlTable> text with
        | null -> []
        | root ->
            match
                [ for KeyValue(key, value) in root -> key, value ]
                |> List.filter (fun (key, _) -> not (List.contains key tables))
            with
            | [] -> flatten "session" root |> distinct file
            | unknown ->
                raise (
                    SessionConfigurationException
                        [ for key, value in unknown ->
                              $"{file}: unknown key \"{key}\".{hint (key, value)} Write [sessions.<name>]; secrets do not belong here." ]
                )
