/// The F# that the documentation shows compiles. (CSharpInterop.Tests compile its C#.)
module Runa.Session.Tests.SnippetTests

open Expecto
open Runa.Session.Tests.Page

/// The packages of these pages are not among those of the tests: SampleTests compares them with samples, which Giraffe.slnx
/// compiles.
let ofGiraffe = [ "docs/start/giraffe.md"; "docs/start/saturn.md" ]

let private compiled: Lazy<Page list> =
    lazy
        [ for page in documentation.Value do
              if not (List.contains page.Path ofGiraffe || (Snippets.blocks page).IsEmpty) then
                  page ]

[<Tests>]
let tests =
    testList
        "Snippets"
        [ test "every block of F# compiles" {
              Expect.isGreaterThan (List.sumBy (Snippets.blocks >> List.length) compiled.Value) 30 "there are many"
              let files = [ for page in compiled.Value -> page.Path, Snippets.source page ]
              Snippets.errors files |> none
          }

          test "no block is left out" {
              let leftOut =
                  [ for page in compiled.Value do
                        for block in Snippets.blocks page do
                            if Snippets.isLeftOut block then
                                $"{page.Path}, line {block.Line}: {block.Note}" ]

              none leftOut
          }

          test "an error names the page and its line" {
              let page =
                  ofText
                      "docs/x.md"
                      "# X\n\n<!-- context\nopen System\n-->\n```fsharp\nlet a = String.Empty\nlet b = nothing\n```\n"

              match Snippets.errors [ page.Path, Snippets.source page ] with
              | [ error ] ->
                  Expect.stringContains error "x.md(8,13)" "its place"
                  Expect.stringContains error "FS0039" "what it is"
              | errors -> failtest $"%A{errors}"
          } ]
