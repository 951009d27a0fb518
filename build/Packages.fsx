// Packages: Paket chooses them, NuGet downloads them. Why there are two: build/README.md.
#load "Commands.fsx"

open System.IO
open System.Text.RegularExpressions
open Commands

let solution = "Runa.Session.slnx"

/// The packages of paket.lock, with their groups and versions.
let private locked () =
    (("Main", []), File.ReadAllLines(at "paket.lock"))
    ||> Array.fold (fun (group, found) line ->
        match Regex.Match(line, @"^GROUP (\S+)|^    (\S+) \(([^)]+)\)") with
        | m when m.Groups[1].Success -> m.Groups[1].Value, found
        | m when m.Success -> group, (group, (m.Groups[2].Value, m.Groups[3].Value)) :: found
        | _ -> group, found)
    |> snd

/// Downloads into the folder `feed` what is not there. NuGet writes the marker last.
let private fillFeed packages =
    let isThere (name: string, version: string) =
        File.Exists(at $"feed/{name.ToLowerInvariant()}/{version.ToLowerInvariant()}/.nupkg.metadata")

    match packages |> List.distinct |> List.filter (isThere >> not) with
    | [] -> ()
    | missing ->
        let names = [ for name, version in missing -> $"{name}@{version}" ]
        dotnet ([ "package"; "download" ] @ names @ [ "--output"; at "feed"; "--verbosity"; "quiet" ])

let private inputs =
    [ "paket.references"
      "paket.lock"
      "dotnet-tools.json"
      "global.json"
      "Directory.Build.props"
      "*.*proj"
      "*.slnx" ]

/// The time of the last change to what a restore depends on.
let private changedAt () =
    [ for folder, depth in [ ".", 0; ".config", 0; "src", 1; "tests", 1; "samples", 1 ] do
          for pattern in inputs do
              let options = EnumerationOptions(MaxRecursionDepth = depth, RecurseSubdirectories = true)

              for file in Directory.EnumerateFiles(at folder, pattern, options) do
                  File.GetLastWriteTimeUtc file ]
    |> List.max

/// Written at the end of each restore, and deleted by the target Clean.
let private stamp (target: string) = at $".fake/restored-{Path.GetFileName target}"

/// Restores the solution, or a project with what it refers to, from these groups of paket.lock; none: from all.
let restore (target: string) (groups: string list) =
    dotnet [ "tool"; "restore" ]

    fillFeed
        [ for group, package in locked () do
              if groups.IsEmpty || List.contains group groups then
                  package ]

    for group in
        (if groups.IsEmpty then
             [ [] ]
         else
             [ for group in groups -> [ "--group"; group ] ]) do
        dotnet ([ "paket"; "restore" ] @ group)

    dotnet [ "restore"; target; "--verbosity"; "quiet" ]
    File.WriteAllText(stamp target, "")

/// Restores what has changed since the last restore of it, or of the whole solution.
let restoreChanges target groups =
    let isNewer target = File.GetLastWriteTimeUtc(stamp target) > changedAt ()

    if not (isNewer target || isNewer solution) then
        restore target groups
