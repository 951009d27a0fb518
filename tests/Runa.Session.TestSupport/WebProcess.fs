/// Programs as their users start them: a process of its own, on a port that is free.
namespace Runa.Session.TestSupport

open System
open System.Diagnostics
open System.IO
open System.Threading.Tasks

/// `Address` says localhost, where browsers take Secure cookies without TLS.
[<Sealed>]
type WebProcess private (running: Process, address: Uri) =

    /// Reads what the program writes, until it says where it listens.
    static let rec addressOf (program: string) (running: Process) (found: string list) : Task<Uri> =
        task {
            match! running.StandardOutput.ReadLineAsync() with
            | null ->
                let output = String.concat "\n" (List.rev found)
                return failwith $"{program} ended before it listened. It wrote:\n{output}"
            | line ->
                match line.Split "Now listening on: " with
                | [| _; address |] -> return Uri(address.Replace("127.0.0.1", "localhost"))
                | _ -> return! addressOf program running (line :: found)
        }

    /// Starts a built program in this folder, with these settings in its environment.
    static member Start(folder: string, program: string, settings: (string * string) list) : Task<WebProcess> =
        task {
            let start =
                ProcessStartInfo(
                    "dotnet",
                    [ "exec"; program ],
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true
                )

            for name, value in
                [ "ASPNETCORE_ENVIRONMENT", "Development"
                  "ASPNETCORE_URLS", "http://127.0.0.1:0"
                  yield! settings ] do
                start.Environment[name] <- value

            match Process.Start start with
            | null -> return failwith $"{program} was not started."
            | running ->
                let! address = addressOf program running []
                // What it logs from now on must not fill the pipe.
                running.StandardOutput.BaseStream.CopyToAsync Stream.Null |> ignore
                return new WebProcess(running, address)
        }

    member _.Address = address

    interface IDisposable with
        member _.Dispose() =
            running.Kill true
            running.WaitForExit()
            running.Dispose()

[<RequireQualifiedAccess>]
module Sample =
    /// Starts the built sample of this folder of samples, with these settings in its environment.
    let start (folder: string) (assembly: string) (settings: (string * string) list) : Task<WebProcess> =
        let folder = Path.Combine(Repository.root, "samples", folder)
        // bin/<configuration>/<framework> of the test program and of the samples are alike.
        let built =
            Path.Combine(
                "bin",
                Path.GetRelativePath(Path.Combine(AppContext.BaseDirectory, "../.."), AppContext.BaseDirectory)
            )

        WebProcess.Start(folder, Path.Combine(folder, built, $"{assembly}.dll"), settings)
