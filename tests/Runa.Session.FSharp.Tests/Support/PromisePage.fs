/// The page that lists the promises: docs/understand/promises.md.
module Runa.Session.Tests.PromisePage

open System
open System.Text.RegularExpressions
open Runa.Session.TestSupport

let path = "docs/understand/promises.md"
let last = 29

type Entry =
    {
        Number: int
        /// Whether LastWriteWins excuses a driver.
        IsCas: bool
        /// The line that says who is excused is there.
        HasExcuse: bool
        Files: string list
    }

let private line (label: string) (section: string) : string option =
    let found = Regex.Match(section, $"^- {label}: (.+)$", RegexOptions.Multiline)
    if found.Success then Some found.Groups[1].Value else None

let entries (page: string) : Entry list =
    let sections =
        Regex.Matches(page, @"^### (\d+)\. [^\n]+\n(.*?)(?=^#|\z)", RegexOptions.Multiline ||| RegexOptions.Singleline)

    [ for section in sections do
          let text = section.Groups[2].Value
          let excuse = line "Excused" text

          { Number = Int32.Parse section.Groups[1].Value
            IsCas = excuse |> Option.exists _.StartsWith("CAS", StringComparison.Ordinal)
            HasExcuse = excuse.IsSome
            Files = line "Tests" text |> Option.map (_.Split(", ") >> List.ofArray) |> Option.defaultValue [] } ]

/// The test files that name each promise, from the sources of the repository, by path.
let holders (sources: (string * string) list) : Map<int, string list> =
    [ for path, source in sources do
          for number in PromiseNames.namesIn source |> List.collect PromiseNames.numbersIn |> List.distinct do
              number, path ]
    |> List.groupBy fst
    |> List.map (fun (number, found) -> number, List.map snd found)
    |> Map.ofList

let private listing (paths: string list) (holding: string list) =
    let names = holding |> List.map (Repository.shortName paths)
    "- Tests: " + String.Join(", ", List.sortWith (fun a b -> String.CompareOrdinal(a, b)) names)

let private numberProblems (entries: Entry list) =
    [ for number in 1..last do
          match entries |> List.filter (fun entry -> entry.Number = number) with
          | [ entry ] when entry.HasExcuse -> ()
          | [ _ ] -> $"{path}, promise {number}: say who is excused, in a line that begins with \"- Excused: \""
          | found -> $"{path}: promise {number} has {found.Length} sections; write one: \"### {number}. …\""

      for entry in entries do
          if entry.Number < 1 || entry.Number > last then
              $"{path}: there is no promise {entry.Number}, they are 1 to {last}" ]

let private fileProblems (paths: string list) (holding: string list) (entry: Entry) =
    let found = entry.Files |> List.map (fun name -> name, Repository.called name paths)
    let listed = found |> List.collect snd

    let wrong =
        [ for name, files in found do
              match files with
              | [ file ] when List.contains file holding -> ()
              | [ _ ] -> $"{name} has no test that names this promise"
              | [] -> $"{name} is no file of the repository"
              | files -> $"{name} is the name of {files.Length} files"

          for name, times in List.countBy id entry.Files do
              if times > 1 then
                  $"{name} is listed {times} times"

          for file in holding do
              if not (List.contains file listed) then
                  $"{Repository.shortName paths file} names this promise and is not listed"

          if holding.IsEmpty then
              "no test names it" ]

    if wrong.IsEmpty then
        []
    else
        [ $"{path}, promise {entry.Number}: "
          + String.Join("; ", wrong)
          + ". Its line should be:\n"
          + listing paths holding ]

/// What is wrong with the page, sentence by sentence.
let problems (sources: (string * string) list) (page: string) : string list =
    let entries = entries page
    let paths = List.map fst sources
    let holders = holders sources

    numberProblems entries
    @ [ for entry in entries do
            yield! fileProblems paths (holders |> Map.tryFind entry.Number |> Option.defaultValue []) entry ]

/// What is wrong with the citations in a text: promises that are none.
let citationProblems (path: string) (text: string) : string list =
    [ for number, line in PromiseNames.citedIn text do
          if number < 1 || number > last then
              $"{path}, line {line}: there is no promise {number}, they are 1 to {last} (docs/understand/promises.md)" ]
