/// The documentation quotes what the library logs and says.
module Runa.Session.Tests.MessageTests

open System
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport
open Runa.Session.Tests.Page

let private sources: Lazy<(string * string) list> =
    lazy
        [ for path in Repository.paths [ ".fs"; ".cs" ] do
              if path.StartsWith "src/" then
                  path, Repository.read path ]

/// The log lines of a source: id, name, level.
let private events (source: string) : (int * string * string) list =
    let declared =
        @"LogLevel\.(?<level>\w+)\s*,?\s+(?:(?<id>\d+)\s+""(?<name>\w+)""|EventId\((?<id>\d+), ""(?<name>\w+)""\))"

    let attribute =
        @"\[LoggerMessage\(\s*(?<id>\d+),\s*LogLevel\.(?<level>\w+),.*?EventName = ""(?<name>\w+)"""

    [ for pattern in [ declared; attribute ] do
          for found in Regex.Matches(source, pattern, RegexOptions.Singleline) ->
              int found.Groups["id"].Value, found.Groups["name"].Value, found.Groups["level"].Value ]

/// What the page lists: id, name, level.
let private listed: Lazy<(int * string * string) list> =
    lazy
        [ for row in
              Regex.Matches(
                  Repository.read "docs/run/troubleshooting.md",
                  @"^\| `Runa\.Session[\w.]*` \| (\d+) \| `(\w+)` \| (\w+) \|",
                  RegexOptions.Multiline
              ) -> int row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value ]

/// The messages in the first column of the tables of mistakes.
let private quoted: Lazy<string list> =
    lazy
        [ for row in
              Regex.Matches(
                  Repository.read "docs/use/patterns.md",
                  @"^\| (?:a warning: )?`([A-Z][^`|]+ [^`|]*)` \|",
                  RegexOptions.Multiline
              ) -> row.Groups[1].Value ]

/// The parts of a message that stand in the source as they are: without names, numbers and what the message leaves out.
let private fixedParts (message: string) : string list =
    [ for part in Regex.Split(message, @"""[^""]*""|<[^>]*>|\d+|…|: |\. |^There is ") do
          let part = part.Trim(' ', '.', ';', '(', ')')

          if part.Length > 3 then
              part ]

[<Tests>]
let tests =
    testList
        "Messages"
        [ test "docs/run/troubleshooting.md lists every event that the library logs, and no others" {
              let logged = sources.Value |> List.collect (snd >> events)
              Expect.isGreaterThan logged.Length 20 "events are found"
              Expect.equal (List.sort listed.Value) (List.sort logged) "id, name and level of each"
          }

          test "every place that logs is found" {
              let count (pattern: string) =
                  sources.Value |> List.sumBy (fun (_, text) -> Regex.Matches(text, pattern).Count)

              // Log.fs has three functions that define lines for all others.
              let defined =
                  count @"LoggerMessage\.Define[<(]" - 3
                  + count @"define[123]<[^>]*>\s+LogLevel"
                  + count @"\[LoggerMessage\("
              Expect.hasLength (sources.Value |> List.collect (snd >> events)) defined "each is one"
          }

          test "the messages that docs/use/patterns.md quotes are those of the library" {
              Expect.isGreaterThan quoted.Value.Length 20 "messages are found"
              let all = String.Join('\n', sources.Value |> List.map snd).Replace("\\\"", "\"")

              let strange =
                  [ for message in quoted.Value do
                        for part in fixedParts message do
                            if not (all.Contains(part, StringComparison.Ordinal)) then
                                $"{message}\n  nothing says: {part}" ]

              none strange
          } ]
