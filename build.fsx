// The build: dotnet fsi build.fsx [-t Target] [--list] [-- arguments for the test programs]
#r "nuget: System.Reactive, 5.0.0"
#r "nuget: Fake.Core.Target, 5.20.3"

open System
open System.IO
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text
open System.Text.RegularExpressions
open System.Threading
open Fake.Core
open Fake.Core.TargetOperators

// ---- Places

let root = __SOURCE_DIRECTORY__
let at path = Path.Combine(root, path)
let solution = "Runa.Session.slnx"

/// What needs Giraffe, Saturn or Thoth.Json.Net: outside Paket, restored by NuGet alone.
let giraffeSolution = "Giraffe.slnx"

/// The folders of a solution's projects in src, tests or samples.
let projectsOf (solution: string) room =
    [ for m in Regex.Matches(File.ReadAllText(at solution), $"Path=\"({room}/[^\"]+)/[^/\"]+\"") -> m.Groups[1].Value ]

let projects = projectsOf solution

let compiled project assembly = at $"{project}/bin/Release/net10.0/{assembly}.dll"
let nameOf (project: string) = Path.GetFileName project

let rooms = [ "src"; "tests"; "samples" ]

let formatted = rooms @ [ "build.fsx" ]

let isCI = not (String.IsNullOrEmpty(Environment.GetEnvironmentVariable "CI"))

// ---- Command line

let usage = "dotnet fsi build.fsx [-t Target] [--list] [-- arguments for the test programs]"

type Command =
    | Run of target: string * testArguments: string list
    | List
    | Mistake of string

// fsi takes the -- away, so what follows is told apart by not being an option of ours.
let rec parse target arguments =
    match arguments with
    | [] -> Run(target, [])
    | [ ("-t" | "--target") ] -> Mistake $"-t takes the name of a target. Usage: {usage}"
    | ("-t" | "--target") :: name :: rest -> parse name rest
    | ("-l" | "--list") :: _ -> List
    | (first: string) :: _ as rest when (target = "Test" || target = "Giraffe") && first.StartsWith '-' ->
        Run(target, rest)
    | other :: _ -> Mistake $"The target {target} takes no argument '{other}'. Usage: {usage}"

let command = fsi.CommandLineArgs |> Array.toList |> List.tail |> parse "Test"

// ---- Processes

Context.FakeExecutionContext.Create false "build.fsx" []
|> Context.RuntimeContext.Fake
|> Context.setExecutionContext

let dotnetIn directory arguments =
    CreateProcess.fromRawCommand "dotnet" arguments
    |> CreateProcess.withWorkingDirectory directory
    |> CreateProcess.setEnvironmentVariable "DOTNET_NOLOGO" "1"
    |> CreateProcess.setEnvironmentVariable "DOTNET_CLI_TELEMETRY_OPTOUT" "1"
    // A developer's next build is faster with the compiler's processes still there; a CI machine wants none left behind.
    |> CreateProcess.setEnvironmentVariable "MSBUILDDISABLENODEREUSE" (if isCI then "1" else "0")

let dotnet arguments = dotnetIn root arguments |> CreateProcess.ensureExitCode |> Proc.run |> ignore

// A terminal's Ctrl-C reaches child processes by itself; a signal to this process alone does not.
// FAKE knows what it started only in the execution context of its targets.
let context = ExecutionContext.Capture()

let mutable isStopping = false

let endChildren (_: PosixSignalContext) =
    isStopping <- true
    ExecutionContext.Run(context, (fun _ -> Process.killAllCreatedProcesses ()), null)

let signals =
    [ PosixSignal.SIGINT; PosixSignal.SIGTERM; PosixSignal.SIGHUP ]
    |> List.map (fun signal -> PosixSignalRegistration.Create(signal, endChildren))

/// Two builds in one clone take turns. The system frees the lock when its process ends, however it ends.
let alone work =
    Directory.CreateDirectory(at ".fake") |> ignore

    let rec enter waited =
        try
            new FileStream(at ".fake/lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
        with :? IOException ->
            if not waited then
                printfn "Waiting for another build of this clone to finish."

            Thread.Sleep 200
            enter true

    use _ = enter false
    work ()

// ---- Packages

/// The folder of a package at a version inside a package folder; NuGet writes the marker last.
let isInstalled folder (name: string, version: string) =
    File.Exists(Path.Combine(folder, name.ToLowerInvariant(), version.ToLowerInvariant(), ".nupkg.metadata"))

/// What is restored together: the groups of paket.lock (none: all of them), what NuGet is given, its projects.
type Scope = { Name: string; Groups: string list; Target: string; Projects: string list }

let everything =
    { Name = "all"; Groups = []; Target = solution; Projects = List.collect projects rooms }

/// The demo needs none of the tests' packages.
let demo =
    { Name = "demo"
      Groups = [ "Main"; "Samples" ]
      Target = "samples/FSharp"
      Projects = [ "src/Runa.Session.Core"; "src/Runa.Session.FSharp"; "samples/FSharp" ] }

let demoCSharp =
    { Name = "demo-csharp"
      Groups = [ "Main"; "Analyzers"; "Samples" ]
      Target = "samples/CSharp"
      Projects =
        [ "src/Runa.Session.Core"
          "src/Runa.Session.FSharp"
          "src/Runa.Session.CSharpInterop"
          "samples/CSharp" ] }

/// With their groups.
let locked =
    lazy
        (File.ReadAllLines(at "paket.lock")
         |> Array.fold
             (fun (group, found) line ->
                 match Regex.Match(line, @"^GROUP (\S+)"), Regex.Match(line, @"^    (\S+) \(([^)]+)\)") with
                 | m, _ when m.Success -> m.Groups[1].Value, found
                 | _, m when m.Success -> group, (group, (m.Groups[1].Value, m.Groups[2].Value)) :: found
                 | _ -> group, found)
             ("Main", [])
         |> snd
         |> List.rev)

let lockedPackages scope =
    locked.Value
    |> List.filter (fun (group, _) -> scope.Groups.IsEmpty || List.contains group scope.Groups)
    |> List.map snd
    |> List.distinct

/// Paket reads the folder `feed`; this puts into it what paket.lock names and it lacks.
let fillFeed scope =
    match lockedPackages scope |> List.filter (isInstalled (at "feed") >> not) with
    | [] -> ()
    | missing ->
        let names = missing |> List.map (fun (name, version) -> $"{name}@{version}")
        dotnet ([ "package"; "download" ] @ names @ [ "--output"; at "feed"; "--verbosity"; "quiet" ])

/// What a restore depends on, as one hash.
let restoreInputs () =
    let isInput (path: string) =
        match Path.GetFileName path, Path.GetExtension path with
        | ("paket.references" | "dotnet-tools.json" | "paket.lock" | "global.json" | "Directory.Build.props"), _
        | _, (".fsproj" | ".csproj" | ".slnx") -> true
        | _ -> false

    let files folder depth =
        Directory.EnumerateFiles(
            at folder,
            "*",
            EnumerationOptions(MaxRecursionDepth = depth, RecurseSubdirectories = true)
        )
    use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

    [ files "." 0; files ".config" 0; files "src" 1; files "tests" 1; files "samples" 1 ]
    |> Seq.concat
    |> Seq.filter isInput
    |> Seq.sort
    |> Seq.iter (fun path ->
        hash.AppendData(Encoding.UTF8.GetBytes path)
        hash.AppendData(File.ReadAllBytes path))

    Convert.ToHexString(hash.GetHashAndReset())

let stamp scope = at $".fake/restored-{scope.Name}"

/// The first line is the hash of the inputs, the second the folder that NuGet restored into.
let isRestored inputs scope =
    File.Exists(stamp scope)
    && File.Exists(at ".paket/Paket.Restore.targets")
    && match File.ReadAllLines(stamp scope) with
       | [| was; folder |] ->
           was = inputs
           && scope.Projects |> List.forall (fun project -> File.Exists(at $"{project}/obj/project.assets.json"))
           && lockedPackages scope |> List.forall (isInstalled folder)
       | _ -> false

let restore scope =
    let inputs = restoreInputs ()

    if not (isRestored inputs everything || isRestored inputs scope) then
        dotnet [ "tool"; "restore" ]
        fillFeed scope

        match scope.Groups with
        | [] -> dotnet [ "paket"; "restore" ]
        | groups ->
            for group in groups do
                dotnet [ "paket"; "restore"; "--group"; group ]

        dotnet [ "restore"; scope.Target; "--verbosity"; "quiet" ]
        let assets = File.ReadAllText(at "src/Runa.Session.FSharp/obj/project.assets.json")
        let folder = Regex.Match(assets, @"""packageFolders"": \{\s*""([^""]+)""").Groups[1].Value
        File.WriteAllLines(stamp scope, [ inputs; Regex.Unescape folder ])

// ---- A new lock

/// A Paket range in NuGet's notation, choosing what Paket would choose: the newest for ~>, the lowest for >=.
let nugetRange (range: string) =
    match range.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> Array.toList with
    | [] -> "*"
    | "~>" :: version :: _ -> version.Substring(0, version.LastIndexOf '.') + ".*"
    | [ ">="; version ] -> version
    | [ ">="; low; "<"; high ] -> $"[{low},{high})"
    | [ version ]
    | [ "=="; version ] -> $"[{version}]"
    | _ -> failwith $"paket.dependencies: the range '{range}' is none of: 1.2.3, ~> 1.2, >= 1.2, >= 1.2 < 2.0."

/// One project file for each group of paket.dependencies, for NuGet to find the versions.
let groupProjects () =
    let add (group, found) (line: string) =
        match Regex.Match(line, @"^\s*(group|nuget)\s+(\S+)\s*([^:]*?)(\s+\w+:.*)?$") with
        | m when not m.Success -> group, found
        | m when m.Groups[1].Value = "group" -> m.Groups[2].Value, found
        | m -> group, (group, (m.Groups[2].Value, nugetRange m.Groups[3].Value)) :: found

    File.ReadAllLines(at "paket.dependencies") |> Array.fold add ("Main", []) |> snd |> List.groupBy fst

let scratchProject packages =
    let references =
        [ for _, (name, range) in packages -> $"""<PackageReference Include="{name}" Version="{range}" />""" ]
        |> String.concat ""

    "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework>"
    + "<DisableImplicitFSharpCoreReference>true</DisableImplicitFSharpCoreReference>"
    + "<RestoreEnablePackagePruning>false</RestoreEnablePackagePruning><NuGetAudit>false</NuGetAudit>"
    + $"<NoWarn>NU1603;NU1605;NU1608</NoWarn></PropertyGroup><ItemGroup>{references}</ItemGroup></Project>"

/// NuGet downloads what paket.dependencies asks for, with all it depends on, into an empty feed; Paket then chooses from that.
let lock () =
    let scratch = at "artifacts/lock"

    for folder in [ scratch; at "feed" ] do
        if Directory.Exists folder then
            Directory.Delete(folder, true)

    Directory.CreateDirectory scratch |> ignore
    File.WriteAllText(Path.Combine(scratch, "Directory.Build.props"), "<Project />")

    for group, packages in groupProjects () do
        let folder = Path.Combine(scratch, group)
        Directory.CreateDirectory folder |> ignore
        File.WriteAllText(Path.Combine(folder, $"{group}.fsproj"), scratchProject packages)
        dotnet [ "restore"; folder; "--packages"; at "feed"; "--verbosity"; "quiet" ]

    dotnet [ "tool"; "restore" ]
    dotnet [ "paket"; "update"; "--no-install" ]

// ---- Tests

type Tally = { Passed: int; Failed: int; Skipped: int }

let oneFailure = { Passed = 0; Failed = 1; Skipped = 0 }
let mutable tallies: Tally list = []

/// Runs a test program, showing its output; its last line is its tally. One without a tally, or that ends badly
/// though it counts no failure, is one failure more.
let runTests arguments project =
    let mutable last = ""

    let show (line: string) =
        Console.Out.WriteLine line

        if not (String.IsNullOrWhiteSpace line) then
            last <- line

    let result =
        dotnetIn root ([ "exec"; compiled project (nameOf project) ] @ arguments)
        |> CreateProcess.redirectOutput
        |> CreateProcess.withOutputEventsNotNull show Console.Error.WriteLine
        |> Proc.run

    let m = Regex.Match(last, @"^(\d+) passed, (\d+) failed, (\d+) skipped$")
    let count (group: int) = int m.Groups[group].Value

    if not m.Success then
        printfn "%s ended with exit code %d and without a tally: one failure." (nameOf project) result.ExitCode
        oneFailure
    elif result.ExitCode <> 0 && count 2 = 0 then
        printfn "%s ended with exit code %d: one failure." (nameOf project) result.ExitCode
        { Passed = count 1; Failed = 1; Skipped = count 3 }
    else
        { Passed = count 1; Failed = count 2; Skipped = count 3 }

let testArguments =
    match command with
    | Run(_, arguments) -> arguments
    | _ -> []

let isTestProgram (project: string) = project.EndsWith ".Tests"

/// Runs test programs and adds their tallies to those so far.
let runPrograms projects = tallies <- tallies @ List.map (runTests testArguments) projects

let requireSuccess () =
    if tallies |> List.exists (fun tally -> tally.Failed > 0) then
        failwith "Some tests failed."

    if tallies |> List.forall (fun tally -> tally.Passed = 0) then
        failwith "No test passed."

// ---- Giraffe, Saturn and Thoth.Json.Net

/// NuGet's codes for a package or version that no source has, and for a source out of reach.
let unavailable = set [ "NU1101"; "NU1102"; "NU1103"; "NU1301" ]

/// The packages that NuGet says it cannot find, with the version that was asked for where it tells.
let missingPackages (output: string) : (string * string) list =
    [ for m in
          Regex.Matches(output, @"Unable to find (?:a stable )?package (\S+?)\.?(?: with version \(\S* ?([^)]+)\))?\s") ->
          m.Groups[1].Value, $"{m.Groups[1].Value} {m.Groups[2].Value}".Trim() ]
    |> List.distinct
    |> List.sort

/// Restores Giraffe.slnx anew, since what was missing before may be there by now; answers why it cannot be had here.
/// Whatever else goes wrong is a failure, and so is the lack of what the other solution uses as well.
let restoreGiraffe () : string option =
    let result =
        dotnetIn root [ "restore"; giraffeSolution; "--no-http-cache"; "--verbosity"; "quiet" ]
        |> CreateProcess.setEnvironmentVariable "DOTNET_CLI_UI_LANGUAGE" "en"
        |> CreateProcess.redirectOutput
        |> Proc.run

    let output = result.Result.Output + result.Result.Error
    let codes = set [ for m in Regex.Matches(output, @"error (\w+):") -> m.Groups[1].Value ]
    let missing = missingPackages output
    let isUsedAnyway (name, _) = locked.Value |> List.exists (fun (_, (used, _)) -> used = name)

    if result.ExitCode = 0 then
        None
    elif codes.IsEmpty || not (codes.IsSubsetOf unavailable) || List.exists isUsedAnyway missing then
        failwith $"Restoring {giraffeSolution} failed:\n{output}"
    elif missing.IsEmpty then
        Some $"{giraffeSolution} cannot be restored: a package source is out of reach."
    else
        let names = missing |> List.map snd |> String.concat ", "
        Some $"{giraffeSolution} cannot be restored: no package source has {names}."

/// Restores and builds Giraffe.slnx and runs its tests; where a package is missing it runs none, and says which.
let testGiraffe (whenMissing: string -> string list -> unit) =
    let programs = projectsOf giraffeSolution "tests" |> List.filter isTestProgram

    match alone restoreGiraffe with
    | None ->
        alone (fun () -> dotnet [ "build"; giraffeSolution; "-c"; "Release"; "--no-restore"; "-v"; "quiet" ])
        runPrograms programs
    | Some why -> whenMissing why programs

// ---- Samples

/// Builds and runs a sample until Ctrl-C.
let runSample scope assembly port =
    let sample = scope.Target

    alone (fun () ->
        restore scope
        dotnet [ "build"; sample; "-c"; "Release"; "--no-restore"; "-v"; "quiet" ])

    let result =
        dotnetIn (at sample) [ "exec"; compiled sample assembly ]
        |> CreateProcess.setEnvironmentVariable "ASPNETCORE_ENVIRONMENT" "Development"
        |> CreateProcess.setEnvironmentVariable "ASPNETCORE_URLS" $"http://localhost:{port}"
        |> Proc.run

    if result.ExitCode <> 0 && not isStopping then
        failwith $"The sample ended with exit code {result.ExitCode}."

// ---- Targets

Target.description "Restore the tools and packages"
Target.create "Restore" (fun _ -> alone (fun () -> restore everything))

Target.description "Build everything (Release)"

Target.create "Build" (fun _ ->
    alone (fun () -> dotnet [ "build"; solution; "-c"; "Release"; "--no-restore"; "-v"; "quiet" ]))

Target.description "Check the formatting, build, and run every test program (the default)"

Target.create "Test" (fun _ ->
    projects "tests" |> List.filter isTestProgram |> runPrograms

    testGiraffe (fun why programs ->
        let names = programs |> List.map nameOf |> String.concat ", "
        printfn $"skipped: {names} ({why} To run them with one that has: dotnet fsi build.fsx -t Giraffe)"
        tallies <- tallies @ [ for _ in programs -> { Passed = 0; Failed = 0; Skipped = 1 } ])

    requireSuccess ())

Target.description "Build Giraffe.slnx and run its tests, on the packages Giraffe, Saturn and Thoth.Json.Net"

Target.create "Giraffe" (fun _ ->
    testGiraffe (fun why _ -> failwith why)
    requireSuccess ())

Target.description "Build and run samples/FSharp at http://localhost:5080; Ctrl-C ends it"

Target.create "Demo" (fun _ -> runSample demo "Sample" 5080)

Target.description "Build and run samples/CSharp at http://localhost:5081; Ctrl-C ends it"
Target.create "DemoCSharp" (fun _ -> runSample demoCSharp "Sample.CSharp" 5081)

Target.description "Format the sources"
Target.create "Format" (fun _ -> dotnet ("fantomas" :: formatted))

Target.description "Check that the sources are formatted"
Target.create "CheckFormat" (fun _ -> dotnet ("fantomas" :: "--check" :: formatted))

Target.description "Pack the libraries into artifacts/packages"

Target.create "Pack" (fun _ ->
    let packages = at "artifacts/packages"

    if Directory.Exists packages then
        Directory.Delete(packages, true)

    for project in projects "src" @ [ "tests/Runa.Session.Conformance" ] do
        dotnet [ "pack"; project; "-c"; "Release"; "--no-build"; "-o"; packages; "-v"; "quiet" ])

Target.description "Resolve the packages anew, after a change to paket.dependencies"
Target.create "Lock" (fun _ -> alone lock)

Target.description "Delete what builds made; the downloaded packages stay"

Target.create "Clean" (fun _ ->
    let made =
        [ for project in List.collect projects rooms @ List.collect (projectsOf giraffeSolution) rooms do
              at $"{project}/bin"
              at $"{project}/obj" ]

    for folder in at "artifacts" :: made do
        if Directory.Exists folder then
            Directory.Delete(folder, true))

"Restore" ==> "Build" ==> "Test"
"Restore" ==> "CheckFormat" ==> "Test"
"Restore" ==> "Giraffe"
"Restore" ==> "Format"
"Build" ==> "Pack"

let targets =
    [ "Demo"
      "DemoCSharp"
      "Test"
      "Giraffe"
      "Build"
      "Format"
      "CheckFormat"
      "Pack"
      "Lock"
      "Restore"
      "Clean" ]

// ---- Run

let describe () =
    printfn $"Usage: {usage}"

    for name in targets do
        printfn "  %-12s %s" name (Option.defaultValue "" (Target.get name).Description)

let tryRun target =
    try
        Target.run 1 target []
        true
    with error ->
        eprintfn $"{error.Message}"
        false

/// FAKE has reported by now, so that the tally is the last line whatever happened.
let printTally succeeded =
    let sum field = tallies |> List.sumBy field
    let failed = sum _.Failed
    let failed = if succeeded then failed else max 1 failed
    printfn $"{sum _.Passed} passed, {failed} failed, {sum _.Skipped} skipped"

match command with
| List -> describe ()
| Mistake what ->
    eprintfn $"{what}"
    exit 2
| Run(target, _) ->
    match
        targets
        |> List.tryFind (fun name -> String.Equals(name, target, StringComparison.OrdinalIgnoreCase))
    with
    | None ->
        let known = String.concat ", " targets
        eprintfn $"There is no target '{target}'. The targets are: {known}."
        exit 2
    | Some target ->
        let succeeded = tryRun target

        if target = "Test" || target = "Giraffe" then
            printTally succeeded

        exit (if succeeded then 0 else 1)
