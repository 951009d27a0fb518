// Test programs: projects in `tests` whose folders end in `.Tests`.
#load "Commands.fsx"

open System
open System.IO
open System.Text.RegularExpressions
open System.Threading
open System.Threading.Tasks
open Fake.Core
open Commands

type Tally = { Passed: int; Failed: int; Skipped: int }

/// Of the programs that have ended.
let mutable private tallies: Tally list = []

/// What they said of tests that failed: shown again before the last line, where one looks first.
let mutable private failures: string list = []

let skip count = tallies <- { Passed = 0; Failed = 0; Skipped = count } :: tallies

/// Counts a test that is no test program, by why it was skipped; None: it passed.
let count (name: string) (result: Result<string option, exn>) : unit =
    match result with
    | Ok None -> tallies <- { Passed = 1; Failed = 0; Skipped = 0 } :: tallies
    | Ok(Some why) ->
        printfn $"skipped: {name} ({why})"
        skip 1
    | Error e ->
        failures <- failures @ [ $"failed: {name} ({e.Message})" ]
        tallies <- { Passed = 0; Failed = 1; Skipped = 0 } :: tallies

/// The test programs of a solution, by name.
let testPrograms (solution: string) =
    [ for m in Regex.Matches(File.ReadAllText(at solution), "Path=\"tests/([^/\"]+\\.Tests)/") -> m.Groups[1].Value ]

/// A program's last line is its tally. A program without one, or that ends badly though it counts no failure, is one failure
/// more.
let private tally (program: string) (lines: string list) (exitCode: int) =
    let last = lines |> List.tryFindBack (String.IsNullOrWhiteSpace >> not) |> Option.defaultValue ""
    let m = Regex.Match(last, @"^(\d+) passed, (\d+) failed, (\d+) skipped$")
    let count (group: int) = int m.Groups[group].Value

    if not m.Success then
        printfn $"{program} ended with exit code {exitCode} and without a tally: one failure."
        { Passed = 0; Failed = 1; Skipped = 0 }
    elif exitCode <> 0 && count 2 = 0 then
        printfn $"{program} ended with exit code {exitCode}: one failure."
        { Passed = count 1; Failed = 1; Skipped = count 3 }
    else
        { Passed = count 1; Failed = count 2; Skipped = count 3 }

/// The lines that a program writes, and its exit code.
let private run arguments (program: string) : Task<string list * int> =
    let lines = ResizeArray<string>()
    let add line = lock lines (fun () -> lines.Add line)

    let running =
        dotnetIn root ([ "exec"; at $"tests/{program}/bin/Release/net10.0/{program}.dll" ] @ arguments)
        |> CreateProcess.redirectOutput
        |> CreateProcess.withOutputEventsNotNull add add
        |> Proc.start

    task {
        let! result = running
        return List.ofSeq lines, result.ExitCode
    }

/// Runs two programs at a time, since one often waits for a server. What each wrote is shown whole when it has ended.
let runPrograms (arguments: string list) (programs: string list) =
    use places = new SemaphoreSlim(2)

    let one program =
        task {
            do! places.WaitAsync()
            printfn $"Running {program}."

            try
                let! lines, exitCode = run arguments program

                lock places (fun () ->
                    printfn $"\n{program}:"
                    lines |> List.iter Console.Out.WriteLine
                    failures <- failures @ (lines |> List.filter _.StartsWith("failed: ", StringComparison.Ordinal))
                    tallies <- tally program lines exitCode :: tallies)
            finally
                places.Release() |> ignore
        }

    Task.WhenAll([ for program in programs -> one program :> Task ]).GetAwaiter().GetResult()

let requireSuccess () =
    if tallies |> List.exists (fun tally -> tally.Failed > 0) then
        failwith "Some tests failed."

    if tallies |> List.forall (fun tally -> tally.Passed = 0) then
        failwith "No test passed."

/// The last line of a run. A run that failed shows a failure, also where no test did.
let printTally (hasSucceeded: bool) =
    let sum field = tallies |> List.sumBy field
    let failed = if hasSucceeded then sum _.Failed else max 1 (sum _.Failed)
    failures |> List.iter Console.Out.WriteLine
    printfn $"{sum _.Passed} passed, {failed} failed, {sum _.Skipped} skipped"
