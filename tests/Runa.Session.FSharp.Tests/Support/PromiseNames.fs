/// Which promises the tests name. Read from source, so that the test programs that are not built here are read, too.
module Runa.Session.Tests.PromiseNames

open System
open System.Text.RegularExpressions

let private naming = Regex(@"promise (\d+(?:, \d+)*): ", RegexOptions.CultureInvariant)
let private quote = Regex(@"(?<!\\)""", RegexOptions.CultureInvariant)
let private assertion = Regex(@"\b(Expect|Assert)\.|\bexpect[A-Z]", RegexOptions.CultureInvariant)

/// The numbers that a test's name has.
let numbersIn (name: string) : int list =
    [ for found in naming.Matches name do
          for number in found.Groups[1].Value.Split ", " do
              Int32.Parse number ]

let private indent (line: string) = line.Length - line.TrimStart().Length

/// The nearest line above that begins further to the left: what a line continues.
let private above (lines: string[]) (index: int) : string =
    Seq.init index (fun i -> lines[index - 1 - i])
    |> Seq.tryFind (fun line -> line.Trim() <> "" && indent line < indent lines[index])
    |> Option.defaultValue ""

/// The strings in a source that name a promise, but not what assertions say.
let namesIn (source: string) : string list =
    let lines = source.ReplaceLineEndings("\n").Split '\n'

    [ for index in 0 .. lines.Length - 1 do
          let line = lines[index]

          if not (line.TrimStart().StartsWith("//", StringComparison.Ordinal)) then
              let quotes = [ for found in quote.Matches line -> found.Index ]

              for found in naming.Matches line do
                  match quotes |> List.filter (fun at -> at < found.Index) with
                  | before when before.Length % 2 = 1 ->
                      let start = List.last before
                      let code = line[.. start - 1].TrimEnd('$', '@', '"', ' ')
                      let statement = if code.Trim() = "" then above lines index else code
                      let rest = quotes |> List.tryFind (fun at -> at > found.Index) |> Option.defaultValue line.Length

                      if not (assertion.IsMatch statement) then
                          line[start + 1 .. rest - 1].Replace("\\\"", "\"")
                  | _ -> () ]
    |> List.distinct

let private citing =
    Regex(@"\bpromises?\s+(\d+(?:(?:,[\s/]+(?:and\s+)?|[\s/]+(?:and|or)\s+)\d+)*)", RegexOptions.IgnoreCase)

/// The promises that a text cites, each with its line.
let citedIn (text: string) : (int * int) list =
    [ for found in citing.Matches text do
          for number in Regex.Matches(found.Groups[1].Value, @"\d+") do
              let line = text[.. found.Index - 1] |> String.filter (fun c -> c = '\n') |> String.length
              Int32.Parse number.Value, line + 1 ]
