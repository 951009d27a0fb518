/// Runs programs, as a user does.
module Runa.Session.Packages.Tests.Commands

open System
open System.Diagnostics
open System.Threading
open Expecto

type Outcome =
    { ExitCode: int
      Output: string
      Error: string }

    member outcome.Text = outcome.Output + outcome.Error

let private limit = TimeSpan.FromMinutes 4.

let startInfo (program: string) (folder: string) (environment: (string * string) list) (arguments: string list) =
    let start =
        ProcessStartInfo(
            program,
            arguments,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false
        )

    for name, value in environment do
        start.Environment[name] <- value

    start

/// Waits for the end of a program, whatever its exit code is.
let run program folder environment arguments : Outcome =
    let start = startInfo program folder environment arguments

    match Process.Start start with
    | null -> failtest $"{program} did not start"
    | running ->
        use running = running
        let output = running.StandardOutput.ReadToEndAsync()
        let error = running.StandardError.ReadToEndAsync()
        use source = new CancellationTokenSource(limit)

        try
            running.WaitForExitAsync(source.Token).Wait()
        with :? AggregateException ->
            running.Kill true
            failtest $"{program} {arguments} did not end within {limit}"

        { ExitCode = running.ExitCode; Output = output.Result; Error = error.Result }

/// Runs a program that must succeed.
let succeed program folder environment arguments : Outcome =
    let outcome = run program folder environment arguments
    Expect.equal outcome.ExitCode 0 $"the exit code of {program} {arguments}: {outcome.Text}"
    outcome
