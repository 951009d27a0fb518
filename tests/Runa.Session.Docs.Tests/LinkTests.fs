/// Links of the documentation lead somewhere, and to every page.
module Runa.Session.Tests.LinkTests

open System.IO
open Expecto
open Runa.Session.TestSupport
open Runa.Session.Tests.Page

/// What is wrong with the page's links.
let private broken (page: Page) : string list =
    [ for line, written, path, anchor in links page do
          let full = Path.Combine(Repository.root, path)

          if not (File.Exists full || Directory.Exists full) then
              $"{page.Path}, line {line}: {written}: there is no {path}"
          elif anchor <> "" && not ((anchors (read path)).Contains anchor) then
              $"{page.Path}, line {line}: {written}: {path} has no heading with this anchor" ]

/// The pages of `docs` that links lead to from this one, by any number of steps.
let private reached (first: string) : Set<string> =
    let rec from (path: string) (seen: Set<string>) : Set<string> =
        if seen.Contains path then
            seen
        else
            links (read path)
            |> List.map (fun (_, _, path, _) -> path)
            |> List.filter (fun path -> path.StartsWith "docs/" && path.EndsWith ".md")
            |> List.fold (fun seen path -> from path seen) (seen.Add path)

    from first Set.empty

[<Tests>]
let tests =
    testList
        "Links"
        [ test "every relative link leads to a file, and every anchor to a heading" {
              all.Value |> List.collect broken |> none
          }

          test "the index leads to every page at once, and README to the index" {
              let listed = set [ for _, _, path, _ in links (read "docs/README.md") -> path ]
              let pages = all.Value |> List.filter isOfDocs |> List.map _.Path |> List.except [ "docs/README.md" ]
              pages
              |> List.filter (listed.Contains >> not)
              |> List.map (fun path -> $"docs/README.md does not name {path}")
              |> none
              Expect.isTrue ((reached "docs/README.md").IsSupersetOf(set pages)) "and reached from there"
              Expect.contains [ for _, _, path, _ in links (read "README.md") -> path ] "docs/README.md" "the index"
          }

          test "a broken link is reported" {
              let page = ofText "docs/x.md" "# A b\n\n[one](#a-b), [two](#c)\n[three](use/nowhere.md)"

              Expect.equal
                  [ for line, written, _, _ in links page -> line, written ]
                  [ 3, "#a-b"; 3, "#c"; 4, "use/nowhere.md" ]
                  "its links"

              Expect.equal (anchors page) (set [ "a-b" ]) "its anchors"
              Expect.hasLength (broken { page with Text = "[three](use/nowhere.md)" }) 1 "no such page"
          } ]
