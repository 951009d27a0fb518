namespace Runa.Session

open System
open System.Collections.Generic
open Tomlyn.Parsing
open Tomlyn.Syntax

/// In which line of a TOML file each key and table stands, by the configuration key that it becomes.
module internal TomlLines =
    let private word (key: BareKeyOrStringValueSyntax | null) : string =
        match key with
        | :? BareKeySyntax as bare ->
            match bare.Key with
            | null -> ""
            | token -> string token.Text
        | :? StringValueSyntax as quoted -> string quoted.Value
        | _ -> ""

    let private path (parent: string) (key: KeySyntax | null) : string =
        match key with
        | null -> parent
        | key ->
            String.Join(
                ':',
                [ parent
                  word key.Key
                  for dotted in key.DotKeys do
                      word dotted.Key ]
            )

    let rec private ofPair (parent: string) (pair: KeyValueSyntax | null) : (string * int) list =
        match pair with
        | null -> []
        | pair ->
            let here = path parent pair.Key

            let inside =
                match pair.Value with
                | :? InlineTableSyntax as table ->
                    [ for item in table.Items do
                          yield! ofPair here item.KeyValue ]
                | :? ArraySyntax as entries ->
                    [ for item in entries.Items do
                          item.Span.Start.Line + 1 ]
                    |> List.mapi (fun index line -> $"{here}:{index}", line)
                | _ -> []

            (here, pair.Span.Start.Line + 1) :: inside

    /// Lines count from one. A key that stands twice is in its first line.
    let find (text: string) : IReadOnlyDictionary<string, int> =
        let document = SyntaxParser.Parse(text, null, false)
        let lines = Dictionary<string, int>(StringComparer.OrdinalIgnoreCase)

        let found =
            [ for pair in document.KeyValues do
                  yield! ofPair "session" pair
              for table in document.Tables do
                  let here = path "session" table.Name
                  here, table.Span.Start.Line + 1

                  for pair in table.Items do
                      yield! ofPair here pair ]

        for key, line in found do
            lines.TryAdd(key, line) |> ignore

        lines
