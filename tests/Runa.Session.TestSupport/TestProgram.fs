/// The test program of each test project: runs all tests of its assembly.
module Runa.Session.TestSupport.TestProgram

open System
open System.IO
open Expecto
open Expecto.Impl

let private oneLine (text: string) =
    text.Split([| '\r'; '\n' |], StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
    |> String.concat " | "

/// The names of the skipped tests, what failed, each on a line with its reason, then the tally that the build adds up. Past Console.Out, where Expecto put a writer
/// that pads lines with blanks, and on a new line, since that writer leaves an escape code behind.
let private report (summary: TestRunSummary) =
    use out = new StreamWriter(Console.OpenStandardOutput())
    out.WriteLine()

    for test, result in summary.ignored do
        let name = String.concat " / " test.name
        out.WriteLine $"skipped: {name} ({result.result})"

    let failures = summary.failed @ summary.errored

    for test, result in failures do
        let name = String.concat " / " test.name
        out.WriteLine $"failed: {name} ({oneLine (string result.result)})"

    out.WriteLine $"{summary.passed.Length} passed, {failures.Length} failed, {summary.ignored.Length} skipped"

/// Answers the exit code.
let run (args: string[]) : int =
    let mutable summary = None

    let printer =
        { TestPrinters.defaultPrinter with
            summary =
                fun config result ->
                    async {
                        summary <- Some result
                        return! TestPrinters.defaultPrinter.summary config result
                    } }

    // Colours would put escape codes into a line that others read.
    let plain =
        if Console.IsOutputRedirected then
            [ CLIArguments.Colours 0; CLIArguments.No_Spinner ]
        else
            []

    let exitCode = runTestsInAssemblyWithCLIArgs (CLIArguments.Printer printer :: plain) args
    Option.iter report summary
    exitCode
