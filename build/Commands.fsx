// Running other programs.
#r "nuget: System.Reactive, 5.0.0"
#r "nuget: Fake.Core.Target, 5.20.3"

open System
open System.IO
open System.Runtime.InteropServices
open System.Threading
open Fake.Core

let root = Path.GetDirectoryName __SOURCE_DIRECTORY__
let at path = Path.Combine(root, path)

Context.FakeExecutionContext.Create false "build.fsx" []
|> Context.RuntimeContext.Fake
|> Context.setExecutionContext

for name, value in
    [ "DOTNET_NOLOGO", "1"
      "DOTNET_CLI_TELEMETRY_OPTOUT", "1"
      // What a restore cannot find is read from its messages.
      "DOTNET_CLI_UI_LANGUAGE", "en"
      // The compiler's processes make a developer's next build faster. A CI machine wants none left behind.
      if not (String.IsNullOrEmpty(Environment.GetEnvironmentVariable "CI")) then
          "MSBUILDDISABLENODEREUSE", "1" ] do
    Environment.SetEnvironmentVariable(name, value)

let mutable isStopping = false

let dotnetIn directory arguments =
    if isStopping then
        failwith "The build was stopped."

    CreateProcess.fromRawCommand "dotnet" arguments |> CreateProcess.withWorkingDirectory directory

let dotnet arguments = dotnetIn root arguments |> CreateProcess.ensureExitCode |> Proc.run |> ignore

/// Release, without a restore.
let build target = dotnet [ "build"; target; "-c"; "Release"; "--no-restore"; "-v"; "quiet" ]

// A terminal's Ctrl-C reaches child processes by itself; a signal to this process alone does not.
// FAKE knows what it started only in the execution context of its targets.
let private context = ExecutionContext.Capture()

let private signals =
    [ for signal in [ PosixSignal.SIGINT; PosixSignal.SIGTERM; PosixSignal.SIGHUP ] ->
          PosixSignalRegistration.Create(
              signal,
              fun _ ->
                  isStopping <- true
                  ExecutionContext.Run(context, (fun _ -> Process.killAllCreatedProcesses ()), null)
          ) ]

/// Two builds in one clone take turns. The system frees the lock when its process ends, however it ends.
let alone work =
    let rec enter isWaiting =
        try
            new FileStream(at ".fake/lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
        with :? IOException ->
            if not isWaiting then
                printfn "Waiting for another build of this clone to finish."

            Thread.Sleep 200
            enter true

    Directory.CreateDirectory(at ".fake") |> ignore
    use _ = enter false
    work ()
