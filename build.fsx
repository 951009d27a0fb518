// The build: dotnet fsi build.fsx [-t Target] [--list] [-- arguments for the test programs]
#load "build/Commands.fsx"
#load "build/Packages.fsx"
#load "build/Lock.fsx"
#load "build/Pack.fsx"
#load "build/Docs.fsx"
#load "build/Tests.fsx"
#load "build/Giraffe.fsx"
#load "build/Aot.fsx"

open System.IO
open System.Threading.Tasks
open Fake.Core
open Fake.Core.TargetOperators
open Fake.IO
open Commands
open Packages
open Lock
open Pack
open Docs
open Tests
open Giraffe
open Aot

// fsi takes the -- away.
let target, arguments =
    match List.tail (Array.toList fsi.CommandLineArgs) with
    | ("-t" | "--target") :: target :: arguments -> target, arguments
    | arguments -> "Test", arguments

let isTarget name = System.String.Equals(target, name, System.StringComparison.OrdinalIgnoreCase)
let isTest = isTarget "Test" || isTarget "Giraffe"
let takesArguments = isTest || isTarget "Bench"
let formatted = [ "src"; "tests"; "samples"; "templates"; "build"; "build.fsx" ]

/// Builds and tests Giraffe.slnx, or says why it cannot be restored.
let testGiraffe () =
    match alone restoreGiraffe with
    | None ->
        alone (fun () -> build giraffe)
        testPrograms giraffe |> runPrograms arguments
        None
    | why -> why

/// Whether the sample that is compiled ahead of time works, or why that cannot be told here.
let aotResult () : Result<string option, exn> =
    try
        Ok(alone testAot)
    with e ->
        Error e

/// Builds and runs a sample until Ctrl-C. It needs none of the tests' packages.
let runSample folder assembly port =
    alone (fun () ->
        restoreChanges $"samples/{folder}" [ "Main"; "Analyzers"; "Samples" ]
        build $"samples/{folder}")

    let result =
        dotnetIn (at $"samples/{folder}") [ "exec"; $"bin/Release/net10.0/{assembly}.dll" ]
        |> CreateProcess.setEnvironmentVariable "ASPNETCORE_ENVIRONMENT" "Development"
        |> CreateProcess.setEnvironmentVariable "ASPNETCORE_URLS" $"http://localhost:{port}"
        |> Proc.run

    if result.ExitCode <> 0 && not isStopping then
        failwith $"The sample ended with exit code {result.ExitCode}."

Target.description "Build and run samples/FSharp at http://localhost:5080; Ctrl-C ends it"
Target.create "Demo" (fun _ -> runSample "FSharp" "Sample" 5080)

Target.description "Build and run samples/CSharp at http://localhost:5081; Ctrl-C ends it"
Target.create "DemoCSharp" (fun _ -> runSample "CSharp" "Sample.CSharp" 5081)

Target.description "Check the formatting, build, and run every test program and the AOT sample (the default)"

Target.create "Test" (fun _ ->
    // With arguments, somebody wants certain tests.
    let aot = if arguments.IsEmpty then Some(Task.Run aotResult) else None
    testPrograms solution |> runPrograms arguments
    aot |> Option.iter (fun aot -> count "samples/CSharpAot, compiled ahead of time" aot.Result)

    testGiraffe ()
    |> Option.iter (fun why ->
        let programs = testPrograms giraffe
        let names = String.concat ", " programs
        printfn $"skipped: {names} ({why} To run them with one that has: dotnet fsi build.fsx -t Giraffe)"
        skip programs.Length)

    requireSuccess ())

Target.description "Build Giraffe.slnx and run its tests, on the packages Giraffe, Saturn and Thoth.Json.Net"

Target.create "Giraffe" (fun _ ->
    testGiraffe () |> Option.iter failwith
    requireSuccess ())

Target.description "Build everything (Release)"
Target.create "Build" (fun _ -> alone (fun () -> build solution))

Target.description
    "Compare with a bare endpoint and ASP.NET Core's session; -- growth, -- pauses, -- all, -- --full: more"

Target.create "Bench" (fun _ ->
    let folder = "tests/Runa.Session.Benchmarks"
    build folder

    let result =
        dotnetIn (at folder) ([ "exec"; "bin/Release/net10.0/Runa.Session.Benchmarks.dll" ] @ arguments)
        |> Proc.run

    if result.ExitCode <> 0 then
        failwith $"The benchmarks ended with exit code {result.ExitCode}.")

Target.description "Compile samples/CSharpAot ahead of time and visit it, in about two minutes"

Target.create "Aot" (fun _ ->
    match alone testAot with
    | Some why -> printfn $"skipped: native AOT ({why})"
    | None -> printfn "The sample works, and trimming and AOT warn of none of the libraries' code.")

Target.description "Format the sources"
Target.create "Format" (fun _ -> dotnet ("fantomas" :: formatted))

Target.description "Check that the sources are formatted"
Target.create "CheckFormat" (fun _ -> dotnet ("fantomas" :: "--check" :: formatted))

Target.description "Pack the libraries into artifacts/packages"

Target.create "Pack" (fun _ -> alone pack)

Target.description "Write the API reference into artifacts/docs"
Target.create "Docs" (fun _ -> alone docs)

Target.description "Resolve the packages anew, after a change to paket.dependencies"
Target.create "Lock" (fun _ -> alone lock)

Target.description "Restore the tools and packages"

Target.create "Restore" (fun _ ->
    alone (fun () -> (if isTarget "Restore" then restore else restoreChanges) solution []))

Target.description "Delete what builds made; the downloaded packages stay"

Target.create "Clean" (fun _ ->
    for room in [ "src"; "tests"; "samples" ] do
        for project in Directory.GetDirectories(at room) do
            Shell.deleteDirs [ $"{project}/bin"; $"{project}/obj" ]

    Shell.deleteDirs [ at "artifacts"; at ".fake" ])

"Restore" ==> "Build" ==> "Test"
"Restore" ==> "CheckFormat" ==> "Test"
"Restore" ==> "Giraffe"
"Restore" ==> "Bench"
"Restore" ==> "Aot"
"Restore" ==> "Format"
"Build" ==> "Pack" ==> "Test"
"Restore" ==> "Docs"

match target, arguments with
| _, [ ("-l" | "--list") ] -> Target.listAvailable ()
| _, first :: _ when not takesArguments || (isTest && not (first.StartsWith '-')) ->
    eprintfn $"The target {target} takes no argument '{first}'."
    exit 2
| _ ->
    let hasSucceeded =
        try
            Target.run 1 target []
            true
        with error ->
            eprintfn $"{error.Message}"
            false

    // FAKE has reported by now, so that the tally is the last line whatever happened.
    if isTest then
        printTally hasSucceeded

    exit (if hasSucceeded then 0 else 1)
