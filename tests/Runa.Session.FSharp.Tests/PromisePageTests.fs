/// docs/understand/promises.md and the tests say the same of who holds what.
module Runa.Session.Tests.PromisePageTests

open System
open System.Reflection
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport

let private sources =
    lazy (Repository.paths [ ".fs"; ".cs" ] |> List.map (fun path -> path, Repository.read path))

let private page = lazy (Repository.read PromisePage.path)

/// A problem each line, since a message that is cut off helps nobody.
let private none (problems: string list) =
    if not problems.IsEmpty then
        failtest (String.Join("\n", problems))

/// Of this program's tests: their own names, and those of the lists around them.
let private runningNames () : string list =
    match Impl.testFromAssembly (Assembly.GetExecutingAssembly()) with
    | Some tests -> Test.toTestCodeList tests |> List.collect _.name |> List.distinct
    | None -> []

/// A name as it stands in source, where an interpolated one has holes.
let private pattern (name: string) =
    let parts = Regex.Split(name, @"(?:%\w+)?\{[^{}]*\}") |> Array.map Regex.Escape
    Regex("^" + String.Join(".*", parts) + "$", RegexOptions.Singleline)

/// Written apart, so that no scan takes what is tested here for the name of a test.
let private p = "promise"

let private wellWritten =
    [ for number in 1 .. PromisePage.last -> $"### {number}. Title\n\nText.\n\n- Excused: nobody.\n- Tests: ATests.fs" ]

/// One test file that holds all, and one that holds the first two.
let private twoSources =
    let all = [ for number in 1 .. PromisePage.last -> $"test \"{p} {number}: a\" {{" ]
    [ "tests/One/ATests.fs", String.Join('\n', all)
      "tests/One/More/BTests.cs", $"[Fact(DisplayName = \"{p} 1, 2: b\")]" ]

let private problemsOf (change: string -> string) =
    let sections = wellWritten |> List.mapi (fun i text -> if i < 2 then text + ", BTests.cs" else text)
    PromisePage.problems twoSources (change (String.Join("\n\n", sections) + "\n"))

[<Tests>]
let tests =
    testList
        "docs/understand/promises.md"
        [ test "it has each promise once, with who is excused and the test files that name it, and no others" {
              none (PromisePage.problems sources.Value page.Value)
          }

          test "every promise that the repository cites is on the page" {
              let texts = [ ".fs"; ".fsi"; ".fsx"; ".cs"; ".cshtml"; ".md"; ".mjs"; ".lua"; ".sql" ]

              none
                  [ for path in Repository.paths texts do
                        yield! PromisePage.citationProblems path (Repository.read path) ]
          }

          test "the README's table has its numbers, and marks CAS what it marks" {
              let readme = Repository.read "README.md"
              let entries = PromisePage.entries page.Value
              let rows = Regex.Matches(readme, @"^\| ([\d, ]+) \| ([^|]+) \|", RegexOptions.Multiline)
              Expect.isGreaterThan rows.Count 5 "rows that begin with the numbers of promises"

              for row in rows do
                  for number in row.Groups[1].Value.Split ", " |> Array.map Int32.Parse do
                      match entries |> List.tryFind (fun entry -> entry.Number = number) with
                      | None -> failtest $"README.md: there is no promise {number}"
                      | Some entry ->
                          Expect.equal
                              (row.Groups[2].Value.Contains "CAS")
                              entry.IsCas
                              $"README.md, promise {number}: CAS"
          }

          test "the scan of the sources finds each name of a test that runs here" {
              let found = sources.Value |> List.collect (snd >> PromiseNames.namesIn)
              let exact = set found
              let holes = found |> List.filter _.Contains('{') |> List.map pattern

              none
                  [ for name in runningNames () do
                        if not (PromiseNames.numbersIn name).IsEmpty && not (exact.Contains name) then
                            if not (holes |> List.exists _.IsMatch(name)) then
                                $"PromiseNames.namesIn does not find: {name}" ]
          } ]

[<Tests>]
let checks =
    testList
        "what is checked of docs/understand/promises.md"
        [ test "a page that is right has no problem" { Expect.equal (problemsOf id) [] "none" }

          for wrong, change, message in
              [ "a promise without a section",
                (fun (page: string) -> page.Replace("### 7. Title", "Title")),
                $"{p} 7 has 0 sections"
                "a promise with two sections",
                (fun page -> page + "\n### 7. Again\n\n- Excused: nobody.\n- Tests: ATests.fs\n"),
                $"{p} 7 has 2 sections"
                "a section of no promise",
                (fun page -> page + "\n### 31. More\n\n- Excused: nobody.\n- Tests: ATests.fs\n"),
                $"there is no {p} 31"
                "nobody said to be excused",
                _.Replace("- Excused: nobody.\n- Tests: ATests.fs, B", "- Tests: ATests.fs, B"),
                $"{p} 1: say who"
                "no test files",
                _.Replace("- Tests: ATests.fs\n", ""),
                $"{p} 3: ATests.fs names this promise and is not listed"
                "a file that is not listed",
                _.Replace("ATests.fs, BTests.cs", "ATests.fs"),
                $"{p} 2: BTests.cs names this promise and is not listed. Its line should be:\n- Tests: ATests.fs, BTests.cs"
                "a file that is not there",
                _.Replace("BTests.cs", "CTests.cs"),
                $"{p} 1: CTests.cs is no file of the repository"
                "a file that does not name it",
                _.Replace("ATests.fs\n\n### 4.", "ATests.fs, BTests.cs\n\n### 4."),
                $"{p} 3: BTests.cs has no test that names this promise"
                "a file twice",
                _.Replace("ATests.fs, BTests.cs", "ATests.fs, BTests.cs, ATests.fs"),
                "ATests.fs is listed 2 times" ] do
              test wrong {
                  match problemsOf change with
                  | [] -> failtest "nothing was found"
                  | problems -> Expect.stringContains (String.Join("\n", problems)) message "what was found"
              }

          test "files of one name are told apart by their folders, and may be named with more of them" {
              let paths = [ "tests/One/Http/ATests.fs"; "tests/One/Drivers/ATests.fs"; "tests/One/Http/BTests.fs" ]
              Expect.equal
                  (paths |> List.map (Repository.shortName paths))
                  [ "Http/ATests.fs"; "Drivers/ATests.fs"; "BTests.fs" ]
                  "short"
              Expect.equal (Repository.called "ATests.fs" paths |> List.length) 2 "of one name"
              Expect.equal (Repository.called "One/Http/ATests.fs" paths) [ paths[0] ] "with more"
              Expect.equal (Repository.called "Tests.fs" paths) [] "not by a part of the name"
          }

          for kind, source, names in
              [ "a test", $"test \"{p} 3: a\" {{", [ $"{p} 3: a" ]
                "a test of several", $"    testCase \"{p} 3, 12: a\"", [ $"{p} 3, 12: a" ]
                "a test of xUnit", $"[Fact(DisplayName = \"{p} 3: a\")]", [ $"{p} 3: a" ]
                "a name on a line of its own", $"testCase\n    \"{p} 3: a\"\n    (fun () -> ())", [ $"{p} 3: a" ]
                "a name with more before it", $"test $\"† {p} 3: {{x}}\" {{", [ $"† {p} 3: {{x}}" ]
                "a comment", $"// \"{p} 3: a\"", []
                "a comment after code", $"let x = \"a\" // {p} 3: a", []
                "what an assertion says", $"Expect.equal a [] \"{p} 3: a\"", []
                "what an assertion says on a line of its own", $"Expect.equal\n    a\n    \"{p} 3: a\"", []
                "what an assertion of xUnit says", $"Assert.True(x, \"{p} 3: a\");", []
                "what a function that asserts says", $"expectBody \"1\" \"{p} 3: a\" answer", [] ] do
              test $"the scan: {kind}" { Expect.equal (PromiseNames.namesIn source) names "names" }

          for text, cited in
              [ $"({p} 3)", [ 3, 1 ]
                $"a\n{p}s 9 and 27", [ 9, 2; 27, 2 ]
                $"{p}s 1, 2, and 3", [ 1, 1; 2, 1; 3, 1 ]
                $"/// {p}s 4,\n/// 5", [ 4, 1; 5, 1 ]
                $"/// {p}\n3 things", [ 3, 1 ]
                $"no {p} of 3", [] ] do
              test $"cited in \"{text}\"" { Expect.equal (PromiseNames.citedIn text) cited "numbers, and their lines" }

          test "a foreign number is told with its file and line" {
              Expect.equal
                  (PromisePage.citationProblems "src/A.fs" $"a\n// {p}s 3 and 31")
                  [ $"src/A.fs, line 2: there is no {p} 31, they are 1 to 29 (docs/understand/promises.md)" ]
                  "told"
          } ]
