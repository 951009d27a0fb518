module Runa.Session.Packages.Tests.ContentTests

open System
open System.IO
open System.Reflection.PortableExecutable
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport
open Runa.Session.Packages.Tests.Packed

let private everyPackage (check: Package -> unit) = List.iter check all.Value

[<Tests>]
let tests =
    testList
        "packages"
        [ test "each names itself, its licence, its icon and its tags" {
              everyPackage (fun package ->
                  for name in [ "description"; "authors"; "license"; "icon"; "readme"; "tags"; "copyright" ] do
                      let value = package.Value name |> Option.defaultValue ""
                      Expect.isNotEmpty value $"{package.Id}: {name}"

                  Expect.equal (package.Value "version") (Some version) $"{package.Id}: version"
                  Expect.isTrue (package.Entries.ContainsKey "icon.png") $"{package.Id} has its icon")
          }
          test "each has a readme of its own, whose links lead to no file of the repository" {
              let readmes = all.Value |> List.map (fun package -> package.Id, package.Text "README.md")

              for id, readme in readmes do
                  Expect.stringStarts readme "# " $"{id}: a heading"
                  Expect.isFalse (readme.Contains("<!--", StringComparison.Ordinal)) $"{id}: no comment"

                  for link in Regex.Matches(readme, @"\]\(([^)]+)\)") do
                      Expect.stringStarts link.Groups[1].Value "https://" $"{id}: the link {link.Value}"

              Expect.hasLength (readmes |> List.map snd |> List.distinct) readmes.Length "no two are alike"
          }
          test "the code of a readme is that of the repository's" {
              let blocks (readme: string) =
                  [ for block in
                        Regex.Matches(readme, "^```.*?^```", RegexOptions.Multiline ||| RegexOptions.Singleline) do
                        block.Value ]

              for package in all.Value do
                  let source =
                      [ $"src/{package.Id}"; $"tests/{package.Id}"; "templates" ]
                      |> List.map (fun folder -> Path.Combine(folder, "README.md"))
                      |> List.find (fun path -> File.Exists(Path.Combine(Repository.root, path)))

                  Expect.equal
                      (blocks (package.Text "README.md"))
                      (blocks (Repository.read source))
                      $"{package.Id}: {source}"
          }
          test "each names the commit, and the repository if that is on the web, else no folder" {
              let config = Path.Combine(Repository.root, ".git", "config")
              let isOnWeb = File.Exists config && File.ReadAllText(config).Contains "url = https://"

              for package in all.Value do
                  let url = package.Attribute "repository" "url"
                  Expect.equal url.IsSome isOnWeb $"{package.Id}: names the repository"

                  for url in Option.toList url do
                      Expect.stringStarts url "https://" $"{package.Id}: its address"
                      let page = Regex.Replace(url, @"\.git$", "")
                      Expect.equal (package.Value "projectUrl") (Some page) $"{package.Id}: its page"

                  for commit in Option.toList (package.Attribute "repository" "commit") do
                      Expect.isMatch commit "^[0-9a-f]{40}$" $"{package.Id}: the commit"
          }
          test "the libraries are built deterministically" {
              for package in all.Value do
                  for KeyValue(name, content) in package.Entries do
                      if name.StartsWith("lib/", StringComparison.Ordinal) && name.EndsWith ".dll" then
                          use file = new MemoryStream(content)
                          use image = new PEReader(file)

                          Expect.exists
                              (image.ReadDebugDirectory())
                              (fun entry -> entry.Type = DebugDirectoryEntryType.Reproducible)
                              $"{package.Id}: {name}"
          }
          test
              "FSharp.Core and the framework's packages are asked for as the first SDK and runtime of .NET 10 have them" {
              for package in all.Value do
                  for id, wanted in package.Dependencies do
                      if id = "FSharp.Core" then
                          Expect.equal wanted "10.0.100" $"{package.Id}: {id}"
                      elif
                          id.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
                          && not (id.EndsWith("Testing", StringComparison.Ordinal))
                      then
                          Expect.equal wanted "10.0.0" $"{package.Id}: {id}"
                      elif id.StartsWith("Runa.", StringComparison.Ordinal) then
                          Expect.equal wanted version $"{package.Id}: {id}"

              let asking =
                  all.Value
                  |> List.filter (fun package -> package.Dependencies |> List.exists (fst >> (=) "FSharp.Core"))
              Expect.isGreaterThan asking.Length 4 "the libraries ask for FSharp.Core"
          }
          test "no package tells of the machine that built it" {
              let isText (name: string) =
                  [ ".nuspec"; ".md"; ".json"; ".xml"; ".targets"; ".props"; ".config" ]
                  |> List.contains (string (Path.GetExtension name))

              for package in all.Value do
                  for KeyValue(name, _) in package.Entries do
                      if isText name then
                          Expect.isFalse
                              (package.Text name |> _.Contains(Repository.root, StringComparison.Ordinal))
                              $"{package.Id}: {name} contains the path of the repository"
          }
          test "the libraries have documentation and symbols" {
              for package in all.Value do
                  for KeyValue(name, _) in package.Entries do
                      if
                          name.StartsWith("lib/", StringComparison.Ordinal)
                          && name.EndsWith(".dll", StringComparison.Ordinal)
                      then
                          Expect.isTrue
                              (package.Entries.ContainsKey(name.Replace(".dll", ".xml")))
                              $"{package.Id}: documentation of {name}"
                          let symbols = (file package.Id).Replace(".nupkg", ".snupkg")
                          Expect.isTrue (File.Exists symbols) $"{package.Id}: symbols"
          } ]
