/// The F# that the documentation shows compiles. (CSharpInterop.Tests compile its C#.)
module Runa.Session.Tests.SnippetTests

open System
open Expecto
open Runa.Session.Tests.Page

/// The packages of these pages are not among those of the tests: SampleTests compares them with samples, which
/// Giraffe.slnx compiles.
let ofGiraffe = [ "docs/start/giraffe.md"; "docs/start/saturn.md" ]

let private compiled: Lazy<Page list> =
    lazy
        [ for page in documentation.Value @ List.filter isOfPackage all.Value do
              if not (List.contains page.Path ofGiraffe || (Snippets.blocks page).IsEmpty) then
                  page ]

/// A page with a mistake in its line 8. It is compiled together with the others, since that takes the compiler seconds.
let private wrong =
    [ "# X"
      ""
      "<!-- context"
      "open System"
      "-->"
      "```fsharp"
      "let a = String.Empty"
      "let b = nothing"
      "```"
      "" ]
    |> String.concat "\n"
    |> ofText "docs/wrong.md"

/// Errors in the last page, and in all others.
let private errors: Lazy<string list * string list> =
    lazy
        (Snippets.errors [ for page in compiled.Value @ [ wrong ] -> page.Path, Snippets.source page ]
         |> List.partition (fun error -> error.Contains(wrong.Path, StringComparison.Ordinal)))

[<Tests>]
let tests =
    testList
        "Snippets"
        [ test "every block of F# compiles" {
              Expect.isGreaterThan (List.sumBy (Snippets.blocks >> List.length) compiled.Value) 30 "there are many"
              Expect.isGreaterThan
                  (compiled.Value |> List.filter isOfPackage).Length
                  4
                  "also in the packages' own pages"
              none (snd errors.Value)
          }

          test "an error names the page and its line" {
              match fst errors.Value with
              | [ error ] ->
                  Expect.stringContains error "docs/wrong.md(8,13)" "its place"
                  Expect.stringContains error "FS0039" "what it is"
              | errors -> failtest $"%A{errors}"
          }

          test "no block is left out" {
              // Each with its reason; a new one is to be listed here.
              none
                  [ for page in compiled.Value do
                        for block in Snippets.blocks page do
                            if Snippets.isLeftOut block then
                                $"{page.Path}, line {block.Line}: {block.Note}" ]
          } ]
