// The API reference: fsdocs makes it from the documentation comments of the libraries.
#load "Commands.fsx"

open System
open System.IO
open System.Net
open System.Text.RegularExpressions
open Commands

let private reference = at "artifacts/docs"

/// The libraries that are documented.
let private projects =
    [ for name in [ "Core"; "FSharp"; "Redis" ] -> at $"src/Runa.Session.{name}/Runa.Session.{name}.fsproj" ]

/// fsdocs links every type that it does not know to learn.microsoft.com, which has those of .NET only.
let private strangers =
    Regex(
        """<a href="https://learn\.microsoft\.com/dotnet/api/(?!system\.|microsoft\.aspnetcore\.|microsoft\.extensions\.)[^"]*">(.*?)</a>""",
        RegexOptions.Singleline
    )

let private pages () = Directory.GetFiles(reference, "*.html", SearchOption.AllDirectories)

let private tidy () =
    for page in pages () do
        File.WriteAllText(page, strangers.Replace(File.ReadAllText page, "$1"))

    // Copies of the pages in Markdown.
    for copy in Directory.GetFiles(reference, "*.md") do
        File.Delete copy

    for copy in Directory.GetFiles(reference, "llms*.txt") do
        File.Delete copy

let private values (name: string) (html: string) =
    [ for found in Regex.Matches(html, $"\\b(?:{name})=\"([^\"]*)\"") -> WebUtility.HtmlDecode found.Groups[1].Value ]

/// Links to files and anchors that are not there.
let private dead () : string list =
    let anchors = Map [ for page in pages () -> page, set (values "id|name" (File.ReadAllText page)) ]

    [ for page in pages () do
          for link in values "href|src" (File.ReadAllText page) do
              if not (Regex.IsMatch(link, "^https?:")) then
                  let parts = link.Split('#', 2)
                  let folder = Path.GetDirectoryName page
                  let target = if parts[0] = "" then page else Path.GetFullPath(parts[0], folder)
                  let isThere =
                      File.Exists target
                      && (parts.Length = 1
                          || not (anchors.ContainsKey target)
                          || anchors[target].Contains(Uri.UnescapeDataString parts[1]))

                  if not isThere then
                      $"{Path.GetRelativePath(reference, page)}: {link}" ]

/// Writes the reference into artifacts/docs. Fails if a link in it leads nowhere.
let docs () =
    projects |> List.iter build

    dotnet
        [ yield! [ "fsdocs"; "build"; "--clean"; "--nodefaultcontent" ]
          yield! [ "--input"; at "build/reference"; "--output"; reference ]
          yield! "--projects" :: projects
          yield! [ "--properties"; "Configuration=Release" ]
          yield! [ "--parameters"; "root"; "../"; "fsdocs-collection-name"; "Runa.Session" ] ]

    tidy ()

    match dead () with
    | [] -> printfn $"{(pages ()).Length} pages in {Path.GetRelativePath(root, reference)}"
    | links ->
        let listed = String.concat "\n" links
        failwith $"Links of the reference lead nowhere:\n{listed}"
