/// docs/start/giraffe.md shows what stands in the samples, which Giraffe.slnx compiles.
module Runa.Session.Tests.GiraffePageTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport.Repository

/// The F# of a page, a text for each block.
let private blocks (page: string) : string list =
    [ for block in
          Regex.Matches(read page, "(?<=^```fsharp\n).*?(?=^```$)", RegexOptions.Multiline ||| RegexOptions.Singleline) ->
          block.Value ]

let private samples: Lazy<string list> =
    lazy
        [ for project in [ "FSharp"; "Giraffe"; "GiraffeStart"; "Saturn" ] do
              for file in Directory.EnumerateFiles(Path.Combine(root, "samples", project), "*.fs") do
                  read file ]

let private lines (text: string) = text.Split '\n' |> Array.filter (String.IsNullOrWhiteSpace >> not) |> List.ofArray

[<Tests>]
let tests =
    testList
        "docs/start/giraffe.md"
        [ test "Giraffe.props names the FSharp.Core of paket.lock" {
              let locked = Regex.Match(read "paket.lock", @"^    FSharp\.Core \(([^)]+)\)", RegexOptions.Multiline)
              Expect.isTrue locked.Success "paket.lock has one"
              Expect.stringContains
                  (read "Giraffe.props")
                  $"Include=\"FSharp.Core\" Version=\"{locked.Groups[1].Value}\""
                  "the same"
          }

          test "each of its snippets is part of a sample, line by line" {
              let found = blocks "docs/start/giraffe.md"
              Expect.isGreaterThan (List.length found) 8 "the page has snippets"

              for block in found do
                  let stands = samples.Value |> List.exists (fun sample -> ("\n" + sample).Contains("\n" + block))
                  Expect.isTrue stands $"no sample has:\n{block}"
          }

          test "its first snippets, one after another, are the program of samples/GiraffeStart" {
              let program =
                  lines (read "samples/GiraffeStart/Program.fs")
                  |> List.skip 1 // what the file is
                  |> List.filter (fun line -> not (line.StartsWith "// ----"))

              let shown = blocks "docs/start/giraffe.md" |> List.collect lines
              Expect.equal (List.truncate program.Length shown) program "from the first line to the last"
          } ]
