/// The pages for Giraffe and Saturn show what stands in the samples.
module Runa.Session.Tests.SampleTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Repository

let private samples: Lazy<string list> =
    lazy
        [ for project in [ "FSharp"; "Giraffe"; "GiraffeStart"; "Saturn" ] do
              for file in Directory.EnumerateFiles(Path.Combine(root, "samples", project), "*.fs") do
                  Repository.read file ]

let private lines (text: string) = text.Split '\n' |> Array.filter (String.IsNullOrWhiteSpace >> not) |> List.ofArray

let private code (page: string) = Page.read page |> Snippets.blocks |> List.map _.Code

[<Tests>]
let tests =
    testList
        "Samples"
        [ test "Giraffe.props names the FSharp.Core of paket.lock" {
              let locked = Regex.Match(read "paket.lock", @"^    FSharp\.Core \(([^)]+)\)", RegexOptions.Multiline)
              Expect.isTrue locked.Success "paket.lock has one"

              Expect.stringContains
                  (read "Giraffe.props")
                  $"Include=\"FSharp.Core\" Version=\"{locked.Groups[1].Value}\""
                  "the same"
          }

          for page in SnippetTests.ofGiraffe do
              test $"each snippet of {page} is part of a sample, line by line" {
                  let found = code page
                  Expect.isNonEmpty found "the page has snippets"

                  for block in found do
                      let stands = samples.Value |> List.exists (fun sample -> ("\n" + sample).Contains("\n" + block))
                      Expect.isTrue stands $"no sample has:\n{block}"
              }

          test "the first snippets of giraffe.md, one after another, are the program of samples/GiraffeStart" {
              let program =
                  lines (read "samples/GiraffeStart/Program.fs")
                  |> List.skip 1 // what the file is
                  |> List.filter (fun line -> not (line.StartsWith "// ----"))

              let shown = code "docs/start/giraffe.md" |> List.collect lines
              Expect.equal (List.truncate program.Length shown) program "from the first line to the last"
          } ]
