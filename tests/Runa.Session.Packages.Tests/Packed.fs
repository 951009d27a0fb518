/// The packages, as the target Pack made them.
module Runa.Session.Packages.Tests.Packed

open System
open System.IO
open System.IO.Compression
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open Runa.Session.TestSupport

let folder = Path.Combine(Repository.root, "artifacts", "packages")

let version: string =
    Regex.Match(Repository.read "Directory.Build.props", "<Version>([^<]+)<").Groups[1].Value

/// The version of a package that paket.lock names in its first group.
let locked (package: string) : string =
    let m =
        Regex.Match(Repository.read "paket.lock", $@"^    {Regex.Escape package} \(([^)]+)\)", RegexOptions.Multiline)
    if m.Success then
        m.Groups[1].Value
    else
        failtest $"paket.lock does not name {package}"

type Package =
    { Id: string
      Nuspec: XElement
      Entries: Map<string, byte[]> }

    member package.Value(name: string) : string option =
        package.Nuspec.Descendants()
        |> Seq.tryFind (fun element -> element.Name.LocalName = name)
        |> Option.map _.Value

    /// An attribute of an element, if it has one.
    member package.Attribute (element: string) (name: string) : string option =
        package.Nuspec.Descendants()
        |> Seq.filter (fun found -> found.Name.LocalName = element)
        |> Seq.tryPick (fun found -> found.Attribute(XName.Get name) |> Option.ofObj)
        |> Option.map _.Value

    /// The packages that it asks for, with the versions.
    member package.Dependencies: (string * string) list =
        let text (element: XElement) (name: string) =
            match element.Attribute(XName.Get name) with
            | null -> ""
            | attribute -> attribute.Value

        [ for element in package.Nuspec.Descendants() do
              if element.Name.LocalName = "dependency" then
                  text element "id", text element "version" ]

    member package.Text(entry: string) : string = Text.Encoding.UTF8.GetString package.Entries[entry]

let private read (file: string) : Package =
    use archive = ZipFile.OpenRead file

    let entries =
        Map
            [ for entry in archive.Entries do
                  use stream = entry.Open()
                  use copy = new MemoryStream()
                  stream.CopyTo copy
                  entry.FullName, copy.ToArray() ]

    let nuspec = entries |> Map.findKey (fun name _ -> name.EndsWith(".nuspec", StringComparison.Ordinal))
    use text = new MemoryStream(entries[nuspec])

    match XDocument.Load(text).Root with
    | null -> failtest $"{file} has no nuspec"
    | root -> { Id = string (Path.GetFileNameWithoutExtension nuspec); Nuspec = root; Entries = entries }

let all: Lazy<Package list> =
    lazy
        (let files = if Directory.Exists folder then Directory.GetFiles(folder, "*.nupkg") else [||]

         if files.Length = 0 then
             failtest "There are no packages. Make them with: dotnet fsi build.fsx -t Pack"

         [ for file in Array.sort files -> read file ])

let file (id: string) : string = Path.Combine(folder, $"{id}.{version}.nupkg")
