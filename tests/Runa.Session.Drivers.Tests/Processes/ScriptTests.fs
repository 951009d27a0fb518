/// A script opens Runa.Session.Core as its users do: the package, in dotnet fsi, which cannot open ASP.NET Core.
module Runa.Session.Tests.ScriptTests

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Threading.Tasks
open Expecto
open Runa.Session.TestSupport

let private project = "src/Runa.Session.Core"
let private at (path: string) = Path.Combine(Repository.root, path)
let private feed = lazy (at "feed")

/// What the package depends on, as its project was restored, and the folder `feed` lacks.
let private lacking () : string list =
    use assets = JsonDocument.Parse(File.ReadAllText(at $"{project}/obj/project.assets.json"))

    [ for library in assets.RootElement.GetProperty("libraries").EnumerateObject() do
          if library.Value.GetProperty("type").GetString() = "package" then
              let folder = Path.Combine(feed.Value, library.Name.ToLowerInvariant())

              if not (Directory.Exists folder && Directory.EnumerateFiles(folder, "*.nupkg") |> Seq.isEmpty |> not) then
                  library.Name ]

/// Runs it to its end; all that it wrote.
let private run (folder: string) (environment: (string * string) list) (arguments: string list) : Task<string> =
    task {
        let start =
            ProcessStartInfo(
                "dotnet",
                arguments,
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        for name, value in [ "DOTNET_NOLOGO", "1"; "DOTNET_CLI_TELEMETRY_OPTOUT", "1" ] @ environment do
            start.Environment[name] <- value

        match Process.Start start with
        | null -> return failtest "dotnet was not started"
        | started ->
            use started = started
            let output, errors = started.StandardOutput.ReadToEndAsync(), started.StandardError.ReadToEndAsync()

            try
                do! started.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes 3.)
            with :? TimeoutException ->
                started.Kill true

            let! output = output
            let! errors = errors

            if started.ExitCode <> 0 then
                let asked = String.Join(' ', arguments)
                failtest $"dotnet {asked} ended with exit code {started.ExitCode}:\n{output}{errors}"

            return output.ReplaceLineEndings "\n"
    }

/// As this program was built.
let private configuration =
    match Directory.GetParent(AppContext.BaseDirectory.TrimEnd Path.DirectorySeparatorChar) with
    | null -> "Release"
    | parent -> parent.Name

let private script (packages: string) =
    $"""#i "nuget: {packages}"
#i "nuget: {feed.Value}"
#r "nuget: Runa.Session.Core"

open System
open System.Threading
open Runa.Session

let visits = SessionKey.create<int> "visits"

let registry =
    SessionSetup.empty
    |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
    |> SessionSetup.driver "memory" (MemoryDriver.create TimeProvider.System)
    |> SessionRegistry.create

let visit (cookie: string option) =
    task {{
        let! session = registry |> SessionRegistry.load "web" cookie CancellationToken.None
        let counted = Session.update visits 0 ((+) 1) session
        let! committed = registry |> SessionRegistry.commit counted CancellationToken.None
        let count = Session.getOr visits 0 committed.Session
        printfn "%%A, visits: %%i, cookies: %%i" (Session.status session) count committed.Cookies.Length
        return committed.Cookies |> List.tryHead |> Option.map (fun text -> text.Substring(0, text.IndexOf ';'))
    }}

let cookie = (visit None).Result
(visit cookie).Result |> ignore

for assembly in AppDomain.CurrentDomain.GetAssemblies() do
    if assembly.FullName.StartsWith "Microsoft.AspNetCore" then
        printfn "loaded: %%s" assembly.FullName
"""

/// Packs the core, and runs the script on the package: with package sources, caches and a home of its own.
let private packAndRun () : Task<string> =
    task {
        let folder = Directory.CreateTempSubdirectory("runa-script-").FullName

        try
            let packages = Path.Combine(folder, "packages")

            let! _ =
                run
                    Repository.root
                    []
                    [ "pack"; project; "-c"; configuration; "--no-build"; "-o"; packages; "-v"; "quiet" ]

            File.WriteAllText(
                Path.Combine(folder, "NuGet.config"),
                "<configuration><packageSources><clear /></packageSources></configuration>"
            )

            File.WriteAllText(Path.Combine(folder, "visits.fsx"), script packages)

            let environment =
                [ "HOME", folder
                  "TMPDIR", folder
                  "NUGET_PACKAGES", Path.Combine(folder, "cache")
                  "DOTNET_GENERATE_ASPNET_CERTIFICATE", "false" ]

            return! run folder environment [ "fsi"; "--quiet"; "visits.fsx" ]
        finally
            Directory.Delete(folder, true)
    }

[<Tests>]
let tests =
    testSequenced (
        testList
            "Scripts"
            [ testCaseTask
                  "dotnet fsi opens the package Runa.Session.Core alone, and commits a session twice"
                  (fun () ->
                      task {
                          match lacking () with
                          | [] -> ()
                          | missing ->
                              let names = String.Join(", ", missing)
                              skiptest $"the folder feed lacks what Runa.Session.Core depends on: {names}"

                          let! output = packAndRun ()

                          Expect.equal
                              (output.Trim())
                              "New, visits: 1, cookies: 1\nActive, visits: 2, cookies: 0"
                              "what the script wrote"
                      }) ]
    )
