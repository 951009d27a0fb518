/// The files that the repository holds, wherever its folders are.
module Runa.Session.TestSupport.Repository

open System
open System.IO

[<CompiledName "Root">]
let root: string =
    let rec above (folder: DirectoryInfo | null) =
        match folder with
        | null -> invalidOp "The tests do not run in their repository: no folder above them has Runa.Session.slnx."
        | folder when File.Exists(Path.Combine(folder.FullName, "Runa.Session.slnx")) -> folder.FullName
        | folder -> above folder.Parent

    above (DirectoryInfo AppContext.BaseDirectory)

/// A text of the repository, with its lines ended by \n.
let read (path: string) : string = File.ReadAllText(Path.Combine(root, path)).ReplaceLineEndings "\n"

/// What is built or downloaded.
let private notOurs = set [ "bin"; "obj"; "feed"; "artifacts"; "node_modules" ]

/// The paths of all files with one of these extensions, from the root, with slashes.
let paths (extensions: string list) : string list =
    let rec below (folder: DirectoryInfo) : FileInfo list =
        [ yield! folder.EnumerateFiles()
          for inner in folder.EnumerateDirectories() do
              if not (inner.Name.StartsWith '.' || notOurs.Contains inner.Name) then
                  yield! below inner ]

    [ for file in below (DirectoryInfo root) do
          if List.contains file.Extension extensions then
              Path.GetRelativePath(root, file.FullName).Replace('\\', '/') ]

/// Those of the paths that end in this name: a file's, or with folders before it.
let called (name: string) (paths: string list) : string list =
    paths |> List.filter (fun path -> ("/" + path).EndsWith("/" + name, StringComparison.Ordinal))

/// The shortest end of a path that no other one has.
let shortName (paths: string list) (path: string) : string =
    let parts = path.Split '/'

    seq { for length in 1 .. parts.Length -> String.Join('/', Array.skip (parts.Length - length) parts) }
    |> Seq.find (fun name -> List.length (called name paths) = 1)
