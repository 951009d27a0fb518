// A new paket.lock. NuGet downloads what paket.dependencies asks for, with all it depends on, into an empty feed, and Paket
// chooses from there.
#load "Commands.fsx"

open System
open System.IO
open System.Text.RegularExpressions
open Fake.IO
open Commands

/// A Paket range in NuGet's notation, choosing what Paket would choose: the newest for ~>, the lowest for >=.
let private nugetRange (range: string) =
    match range.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> Array.toList with
    | [] -> "*"
    | "~>" :: version :: _ -> version.Substring(0, version.LastIndexOf '.') + ".*"
    | [ ">="; version ] -> version
    | [ ">="; low; "<"; high ] -> $"[{low},{high})"
    | [ version ]
    | [ "=="; version ] -> $"[{version}]"
    | _ -> failwith $"paket.dependencies: the range '{range}' must be one of: 1.2.3, ~> 1.2, >= 1.2, >= 1.2 < 2.0."

/// The packages of paket.dependencies, by group.
let private wanted () =
    (("Main", []), File.ReadAllLines(at "paket.dependencies"))
    ||> Array.fold (fun (group, found) line ->
        match Regex.Match(line, @"^\s*(group|nuget)\s+(\S+)\s*([^:]*?)(\s+\w+:.*)?$") with
        | m when not m.Success -> group, found
        | m when m.Groups[1].Value = "group" -> m.Groups[2].Value, found
        | m -> group, (group, (m.Groups[2].Value, nugetRange m.Groups[3].Value)) :: found)
    |> snd
    |> List.groupBy fst

let private project packages =
    let references =
        [ for _, (name, range) in packages -> $"<PackageReference Include=\"{name}\" Version=\"{range}\" />" ]

    $"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <DisableImplicitFSharpCoreReference>true</DisableImplicitFSharpCoreReference>
    <RestoreEnablePackagePruning>false</RestoreEnablePackagePruning>
    <NuGetAudit>false</NuGetAudit>
    <NoWarn>NU1603;NU1605;NU1608</NoWarn>
  </PropertyGroup>
  <ItemGroup>{String.concat "" references}</ItemGroup>
</Project>"""

let lock () =
    let scratch = at "artifacts/lock"

    Shell.deleteDirs [ scratch; at "feed" ]
    Directory.CreateDirectory scratch |> ignore
    File.WriteAllText(Path.Combine(scratch, "Directory.Build.props"), "<Project />")

    for group, packages in wanted () do
        let folder = Directory.CreateDirectory(Path.Combine(scratch, group)).FullName
        File.WriteAllText(Path.Combine(folder, $"{group}.fsproj"), project packages)
        dotnet [ "restore"; folder; "--packages"; at "feed"; "--verbosity"; "quiet" ]

    dotnet [ "tool"; "restore" ]
    dotnet [ "paket"; "update"; "--no-install" ]
