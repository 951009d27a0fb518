// Packages: what NuGet's pack cannot do by itself. Why: build/README.md.
#load "Commands.fsx"

open System
open System.IO
open System.IO.Compression
open System.Text.RegularExpressions
open Fake.IO
open Commands

let packages = at "artifacts/packages"

/// The lowest versions that paket.dependencies allows for what the packages depend on. A source may lack them, and
/// paket.lock then names the next one.
let private lowest =
    Map
        [ for line in File.ReadLines(at "paket.dependencies") do
              let m = Regex.Match(line, @"^\s*nuget (\S+) >= (\S+) .*lowest_matching: true")

              if m.Success then
                  m.Groups[1].Value, m.Groups[2].Value ]

let private allowLowest (nuspec: string) =
    Regex.Replace(
        nuspec,
        "(<dependency id=\"([^\"]+)\" version=\")([^\"\\[,]+)(?=\")",
        fun m ->
            match lowest.TryFind m.Groups[2].Value with
            | Some version -> m.Groups[1].Value + version
            | None -> m.Value
    )

/// Code stands for itself: `Tests[name]()` is no link.
let private codeOrLink =
    Regex(
        @"^```.*?^```|(?<image>!?)\[(?<text>[^\]]*)\]\((?!https?:|#)(?<path>[^)#]+)(?<anchor>#[^)]*)?\)",
        RegexOptions.Multiline ||| RegexOptions.Singleline
    )

/// Links of a package's readme that lead into the repository: to the tagged version of the project's page, if it has one;
/// otherwise their text alone is left.
let private absolute (folder: string) (url: string option) (version: string) (readme: string) =
    codeOrLink.Replace(
        readme,
        fun m ->
            let part (name: string) = m.Groups[name].Value

            let text, anchor = part "text", part "anchor"

            let path () = Path.GetRelativePath(root, Path.GetFullPath(part "path", folder)).Replace('\\', '/')

            match url, part "image" with
            | _ when m.Value.StartsWith("```", StringComparison.Ordinal) -> m.Value
            | Some url, "!" -> $"![{text}]({url}/raw/v{version}/{path ()})"
            | Some url, _ -> $"[{text}]({url}/blob/v{version}/{path ()}{anchor})"
            | None, "!" -> ""
            | None, _ -> text
    )

/// What only the tests of the snippets read. A page of a package server would show it.
let private withoutComments (readme: string) = Regex.Replace(readme, @"<!--.*?-->\n?", "", RegexOptions.Singleline)

let private change (package: ZipArchive) (isIt: string -> bool) (make: string -> string) =
    let entry = package.Entries |> Seq.filter (fun entry -> isIt entry.FullName) |> Seq.exactlyOne
    let name, time = entry.FullName, entry.LastWriteTime

    let before =
        use reader = new StreamReader(entry.Open())
        reader.ReadToEnd()

    let after = make before

    if after <> before then
        entry.Delete()
        let entry = package.CreateEntry(name, CompressionLevel.SmallestSize)
        use writer = new StreamWriter(entry.Open())
        writer.Write after
        entry.LastWriteTime <- time

    after

/// The folder of the project that makes the package.
let private folderOf (id: string) : string =
    [ at $"src/{id}"; at $"tests/{id}"; at "templates" ]
    |> List.find (fun folder -> Directory.Exists folder && Directory.GetFiles(folder, $"{id}.*proj").Length > 0)

let private finish (file: string) =
    use package = ZipFile.Open(file, ZipArchiveMode.Update)
    let nuspec = change package _.EndsWith(".nuspec", StringComparison.Ordinal) allowLowest

    let value tag =
        let m = Regex.Match(nuspec, $"<{tag}>([^<]*)<")
        if m.Success then Some m.Groups[1].Value else None

    let id, version = (value "id").Value, (value "version").Value
    let folder = folderOf id

    change package ((=) "README.md") (withoutComments >> absolute folder (value "projectUrl") version)
    |> ignore

/// Packs the libraries into artifacts/packages.
let pack () =
    Shell.deleteDir packages
    dotnet
        [ "pack"
          "Runa.Session.slnx"
          "-c"
          "Release"
          "--no-build"
          $"-p:PackageOutputPath={packages}"
          "-v"
          "quiet" ]
    Directory.GetFiles(packages, "*.nupkg") |> Array.iter finish
