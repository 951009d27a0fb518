/// The rooms of the sources against the table in CONTRIBUTING.md.
module Runa.Session.Tests.RoomTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport.Repository

type private Room = { Name: string; Knows: string list }

let private projects = [ "src/Runa.Session.Core"; "src/Runa.Session.FSharp" ]

/// The rooms as CONTRIBUTING.md has them, by project.
let private table: Map<string, Room list> =
    let rows (text: string) =
        [ for row in Regex.Matches(text, @"^\| `([A-Za-z/]+)` \| ([^|]*)\|", RegexOptions.Multiline) ->
              { Name = row.Groups[1].Value
                Knows = [ for name in Regex.Matches(row.Groups[2].Value, "`([^`]+)`") -> name.Groups[1].Value ] } ]

    let text = File.ReadAllText(Path.Combine(root, "CONTRIBUTING.md"))

    Map
        [ for project in projects ->
              let start = text.IndexOf $"`{project}`, "
              let stop = text.IndexOf("\n\n", text.IndexOf("|---", start))
              project, rows (text.Substring(start, stop - start)) ]

let private rooms = projects |> List.collect (fun project -> table[project])

/// The files of a project in compile order, as its project file names them.
let private files (project: string) : string list =
    let name = Path.GetFileName project
    let text = File.ReadAllText(Path.Combine(root, project, $"{name}.fsproj"))
    [ for item in Regex.Matches(text, "<Compile Include=\"([^\"]+)\"") -> item.Groups[1].Value ]

let private roomOf (file: string) =
    match Path.GetDirectoryName file with
    | null -> ""
    | folder -> folder.Replace('\\', '/')

/// Without comments and texts.
let private code (source: string) : string =
    let source = Regex.Replace(source, "\"\"\".*?\"\"\"", "", RegexOptions.Singleline)
    let source = Regex.Replace(source, @"//[^\n]*", "")
    Regex.Replace(source, "\"(\\\\.|[^\"\\\\])*\"", "")

let private read (project: string) (file: string) = code (File.ReadAllText(Path.Combine(root, project, file)))

let private declared (source: string) : string list =
    [ for found in
          Regex.Matches(
              source,
              @"^(?:type|and|module)\s+(?:\[<[^>]*>\]\s*)*(?:internal\s+|private\s+)?(?:rec\s+)?([A-Z]\w+)",
              RegexOptions.Multiline
          ) -> found.Groups[1].Value ]

/// What each room alone declares. What several declare, or the framework too, says nothing.
let private owners: Map<string, string> =
    [ for project in projects do
          for file in files project do
              for name in declared (read project file) do
                  if name <> "Name" then
                      name, roomOf file ]
    |> List.distinct
    |> List.groupBy fst
    |> List.choose (fun (name, found) ->
        match found with
        | [ (_, room) ] -> Some(name, room)
        | _ -> None)
    |> Map

/// The names that a source uses as types and modules: no member, no field that is set, and no case that is declared.
let private words (source: string) : string list =
    [ for word in Regex.Matches(source, @"(?<![\w.]|\| |member |internal )[A-Z]\w+(?!\w|\s*[=:][^=:])") -> word.Value ]

/// Of a source of this room, what it names of rooms that it does not know.
let private strangers (room: Room) (source: string) : (string * string) list =
    words source
    |> List.distinct
    |> List.choose (fun name ->
        match owners.TryFind name with
        | Some owner when owner <> room.Name && not (List.contains owner room.Knows) -> Some(name, owner)
        | _ -> None)

let private tryRoom (name: string) = rooms |> List.tryFind (fun room -> room.Name = name)

/// The packages and projects that a project names.
let private references (project: string) =
    let folder = Path.Combine(root, project)
    let packages = File.ReadAllLines(Path.Combine(folder, "paket.references")) |> List.ofArray
    let text = File.ReadAllText(Path.Combine(folder, $"{Path.GetFileName project}.fsproj"))

    packages,
    [ for found in Regex.Matches(text, "<(FrameworkReference|ProjectReference) Include=\"([^\"]+)\"") ->
          Path.GetFileNameWithoutExtension found.Groups[2].Value ]

[<Tests>]
let tests =
    testList
        "Rooms"
        [ for project in projects do
              test $"{project}: every folder is a room of the table, in its order" {
                  let folders = files project |> List.map roomOf |> List.distinct
                  let top (name: string) = name.Split('/')[0]
                  let listed = table[project] |> List.map _.Name
                  Expect.equal (Set folders) (Set listed) "rooms"
                  Expect.equal
                      (folders |> List.map top |> List.distinct)
                      (listed |> List.map top |> List.distinct)
                      "order"
              }

              test $"{project}: no room names what it does not know" {
                  let found =
                      [ for file in files project do
                            match tryRoom (roomOf file) with
                            | None -> $"{file}: its folder is no room of CONTRIBUTING.md"
                            | Some room ->
                                for name, owner in strangers room (read project file) do
                                    $"{project}/{file} names {name} of {owner}, which {room.Name} does not know (CONTRIBUTING.md)" ]

                  Expect.equal found [] "strangers"
              }

              test $"{project}: a room knows only rooms that there are, and none of them needlessly" {
                  for room in table[project] do
                      for known in room.Knows do
                          Expect.isSome (tryRoom known) $"{room.Name} knows {known}"

                      let named =
                          [ for file in files project do
                                if roomOf file = room.Name then
                                    for word in words (read project file) do
                                        match owners.TryFind word with
                                        | Some owner when owner <> room.Name -> owner
                                        | _ -> () ]
                          |> Set

                      Expect.equal (Set room.Knows - named) Set.empty $"{room.Name} knows what it never names"
              }

          test "a room that names what it does not know is reported by name" {
              let room = { Name = "Settings"; Knows = [ "Cookies" ] }
              Expect.equal (strangers room "let x = MemoryStore()") [ "MemoryStore", "Drivers/Memory" ] "found"
              Expect.equal (strangers room (code "// MemoryStore\nlet x = \"MemoryStore\"")) [] "no code"
          }

          test "the core needs no web framework" {
              let packages, others = references "src/Runa.Session.Core"
              Expect.equal others [] "no framework, no project"

              for package in packages do
                  Expect.isTrue
                      (package = "FSharp.Core" || package = "Tomlyn" || package.StartsWith "Microsoft.Extensions.")
                      package
          }

          test "Redis and the conformance suite need the core only" {
              Expect.equal (references "src/Runa.Session.Redis" |> snd) [ "Runa.Session.Core" ] "Redis"
              Expect.equal (references "tests/Runa.Session.Conformance" |> snd) [ "Runa.Session.Core" ] "the suite"
          }

          test "no source file is over 250 lines" {
              let long =
                  [ for file in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.*", SearchOption.AllDirectories) do
                        let isSource = [ ".fs"; ".fsi"; ".cs" ] |> List.exists file.EndsWith
                        let isBuilt =
                            [ "obj"; "bin" ] |> List.exists (fun it -> file.Split('/', '\\') |> Array.contains it)

                        if isSource && not isBuilt && File.ReadAllLines(file).Length > 250 then
                            Path.GetRelativePath(root, file) ]

              Expect.equal long [] "long files"
          } ]
