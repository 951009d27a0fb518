namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Reflection

/// This program in another process.
module Program =
    let start (arguments: string list) (settings: (string * string) list) : Process =
        let location = Assembly.GetExecutingAssembly().Location
        let start = ProcessStartInfo(string Environment.ProcessPath, location :: arguments)
        start.RedirectStandardInput <- true
        start.RedirectStandardOutput <- true

        for name, value in settings do
            start.Environment[name] <- value

        Process.Start start

    /// What it writes until it ends.
    let output (arguments: string list) (settings: (string * string) list) : string =
        use running = start arguments settings
        let text = running.StandardOutput.ReadToEnd()
        running.WaitForExit()

        if running.ExitCode <> 0 then
            let arguments = String.Join(' ', arguments)
            failwith $"The process {arguments} ended with exit code {running.ExitCode}."

        text
