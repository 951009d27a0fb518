/// The pages of the documentation: their headings, links and blocks of code.
module Runa.Session.Tests.Page

open System
open System.Collections.Generic
open System.IO
open System.Text.RegularExpressions
open Expecto
open Runa.Session.TestSupport

/// A block of code.
type Block =
    {
        Language: string
        /// The line of the page on which the code begins, from 1.
        Line: int
        Code: string
        /// The HTML comment just before the block, such as "not compiled: …". Empty: there is none.
        Note: string
    }

type Page =
    {
        /// From the root of the repository, with slashes.
        Path: string
        /// Without blocks of code; lines keep their places.
        Text: string
        Blocks: Block list
    }

let private fence =
    Regex(@"^(?: *)```(\w*)\n(.*?)^(?: *)```$", RegexOptions.Multiline ||| RegexOptions.Singleline)
let private note =
    Regex(@"<!--\s*(.*?)\s*-->\s*$", RegexOptions.Singleline ||| RegexOptions.RightToLeft)

let private lineAt (text: string) (index: int) = 1 + (text.AsSpan(0, index).Count '\n')

let private noteBefore (text: string) : string =
    let last = text.LastIndexOf("<!--", StringComparison.Ordinal)
    let found = if last < 0 then Match.Empty else note.Match(text.Substring last)
    if found.Success then found.Groups[1].Value else ""

let ofText (path: string) (text: string) : Page =
    { Path = path
      Text = fence.Replace(text, (fun block -> String('\n', block.Value.AsSpan().Count '\n')))
      Blocks =
        [ for block in fence.Matches text ->
              { Language = block.Groups[1].Value
                Line = lineAt text block.Groups[2].Index
                Code = block.Groups[2].Value
                Note = noteBefore (text.Substring(0, block.Index)) } ] }

let read (path: string) : Page = ofText path (Repository.read path)

/// Every Markdown file of the repository, except the first page of the API reference, whose links fsdocs makes true.
let all: Lazy<Page list> =
    lazy
        (Repository.paths [ ".md" ]
         |> List.except [ "build/reference/index.md" ]
         |> List.sort
         |> List.map read)

let isOfDocs (page: Page) = page.Path.StartsWith("docs/", StringComparison.Ordinal)

/// The README of a package.
let isOfPackage (page: Page) =
    page.Path.EndsWith("/README.md", StringComparison.Ordinal)
    && (page.Path.StartsWith("src/", StringComparison.Ordinal)
        || page.Path.StartsWith("tests/", StringComparison.Ordinal)
        || page.Path.StartsWith("templates/", StringComparison.Ordinal))

/// README.md and the pages of `docs`.
let documentation: Lazy<Page list> =
    lazy (all.Value |> List.filter (fun page -> isOfDocs page || page.Path = "README.md"))

let private linkText = Regex(@"\[([^\]]*)\]\([^)]*\)")

/// The anchors of a page's headings, as GitHub makes them.
let anchors (page: Page) : Set<string> =
    let seen = Dictionary<string, int>()

    set
        [ for heading in Regex.Matches(page.Text, "^#+ (.*)$", RegexOptions.Multiline) do
              let text = linkText.Replace(heading.Groups[1].Value, "$1")
              let anchor = Regex.Replace(text.ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-')

              match seen.TryGetValue anchor with
              | true, times ->
                  seen[anchor] <- times + 1
                  $"{anchor}-{times}"
              | _ ->
                  seen[anchor] <- 1
                  anchor ]

/// The links of a page that lead into the repository: the line, the link as written, the path, the anchor.
let links (page: Page) : (int * string * string * string) list =
    [ for link in Regex.Matches(page.Text, @"\]\(([^)\s]+)\)") do
          let target = link.Groups[1].Value

          if not (Regex.IsMatch(target, "^(https?|mailto):")) then
              let parts = target.Split('#', 2)
              let folder = Path.GetDirectoryName page.Path |> string

              let path =
                  if parts[0] = "" then
                      page.Path
                  else
                      let full = Path.GetFullPath(parts[0], Path.Combine(Repository.root, folder))
                      Path.GetRelativePath(Repository.root, full).Replace('\\', '/')

              lineAt page.Text link.Index, target, path, (if parts.Length > 1 then parts[1] else "") ]

/// Fails with these problems, if there are any.
let none (problems: string list) : unit =
    if not problems.IsEmpty then
        failtest (String.Join('\n', problems))
