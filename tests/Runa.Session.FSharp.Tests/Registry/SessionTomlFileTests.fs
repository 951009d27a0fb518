module Runa.Session.Tests.SessionTomlFileTests

open System
open System.IO
open System.Text
open Expecto
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.FileProviders
open Runa.Session

let private table = "[sessions.web]\nttl = '90m'\n"

/// A folder with a folder "root" in it, where relative paths start.
let private inFolders (act: string -> string -> unit) =
    let folder = Directory.CreateTempSubdirectory "runa-session-toml"

    try
        let root = (folder.CreateSubdirectory "root").FullName
        act folder.FullName root
    finally
        folder.Delete true

let private write (folder: string) (path: string) (text: string) =
    let full = Path.GetFullPath(path, folder)
    Directory.CreateDirectory(string (Path.GetDirectoryName full)) |> ignore
    File.WriteAllText(full, text)

let private builder (root: string) (path: string) (isOptional: bool) =
    ConfigurationBuilder().SetBasePath(root).AddSessionToml(path, isOptional)

let private ttl (builder: IConfigurationBuilder) = builder.Build()["session:sessions:web:ttl"]

let private mistake (builder: IConfigurationBuilder) : string =
    try
        builder.Build() |> ignore
        failtest "it was read"
    with :? SessionConfigurationException as e ->
        Expect.hasLength e.Errors 1 "one mistake"
        e.Errors[0]

[<Tests>]
let tests =
    testList
        "SessionTomlFile"
        [ test "a file is found in every place that its path leads to" {
              inFolders (fun folder root ->
                  for path in
                      [ "session.toml"
                        "config/session.toml"
                        ".session.toml"
                        ".config/session.toml"
                        "../session.toml"
                        "../shared/.session.toml"
                        "a/../b.toml"
                        "./c.toml"
                        Path.Combine(folder, "elsewhere", ".d.toml") ] do
                      write root path table
                      Directory.CreateDirectory(Path.Combine(root, "a")) |> ignore
                      Expect.equal (ttl (builder root path false)) "90m" path)
          }

          test "promise 23: a missing file is told with the full path that was looked for, and from where" {
              inFolders (fun folder root ->
                  for path in [ "no.toml"; ".no.toml"; "../no.toml"; "no/no.toml"; "no/no/no.toml"; "../no/.no.toml" ] do
                      let error = mistake (builder root path false)
                      Expect.stringContains error $"\"{path}\" was not found" "the path as it was given"
                      Expect.stringContains error (Path.GetFullPath(path, root)) "the full path"
                      Expect.stringContains error $"relative to {root}" "from where"

                      Expect.equal
                          (error.Contains "whose folder does not exist")
                          (not (Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path, root)))))
                          $"{path}: the folder"

                  for path in [ Path.Combine(folder, "no.toml"); Path.Combine(folder, "no", "no.toml") ] do
                      let error = mistake (builder root path false)
                      Expect.stringContains error $"\"{path}\" was not found" "the full path"
                      Expect.equal (error.IndexOf path) (error.LastIndexOf path) "once"
                      Expect.isFalse (error.Contains "relative") "from nowhere")
          }

          test "an optional file may be missing, and its folder" {
              inFolders (fun folder root ->
                  for path in
                      [ "no.toml"
                        ".no.toml"
                        "../no.toml"
                        "no/no.toml"
                        Path.Combine(folder, "no.toml")
                        Path.Combine(folder, "no", "no", "no.toml") ] do
                      Expect.isEmpty ((builder root path true).Build().AsEnumerable()) path)
          }

          test "promise 23: a folder in the place of the file, and a file in the place of its folder, are told" {
              inFolders (fun folder root ->
                  Directory.CreateDirectory(Path.Combine(root, "config")) |> ignore
                  write root "file" table

                  for isOptional in [ false; true ] do
                      for path in [ "config"; "."; ".."; Path.Combine(folder, "root") ] do
                          let error = mistake (builder root path isOptional)
                          Expect.stringContains error "is a folder, not a file" path
                          Expect.stringContains error (Path.GetFullPath(path, root)) "the full path"

                  Expect.stringContains
                      (mistake (builder root "file/session.toml" false))
                      "was not found"
                      "below a file"
                  Expect.isEmpty ((builder root "file/session.toml" true).Build().AsEnumerable()) "optional")
          }

          test "an empty path is a mistake in the code" {
              for path in [ ""; " " ] do
                  for isOptional in [ false; true ] do
                      Expect.throwsT<ArgumentException> (fun () -> builder "/" path isOptional |> ignore) "raised"
          }

          test "promise 23: a file that cannot be read is told, optional or not" {
              inFolders (fun _ root ->
                  write root "session.toml" table
                  let full = Path.Combine(root, "session.toml")
                  use _ = new FileStream(full, FileMode.Open, FileAccess.ReadWrite, FileShare.None)

                  for isOptional in [ false; true ] do
                      let error = mistake (builder root "session.toml" isOptional)
                      Expect.stringContains error "\"session.toml\" could not be read" "what"
                      Expect.stringContains error full "where")
          }

          test "links are followed, and one that leads nowhere is a missing file" {
              inFolders (fun folder root ->
                  write folder "real/session.toml" table
                  File.CreateSymbolicLink(Path.Combine(root, "a.toml"), "../real/session.toml") |> ignore
                  Directory.CreateSymbolicLink(Path.Combine(root, "linked"), "../real") |> ignore
                  File.CreateSymbolicLink(Path.Combine(root, "broken.toml"), "nowhere.toml") |> ignore
                  Expect.equal (ttl (builder root "a.toml" false)) "90m" "a file"
                  Expect.equal (ttl (builder root "linked/session.toml" false)) "90m" "a folder"
                  Expect.stringContains (mistake (builder root "broken.toml" false)) "was not found" "nowhere"
                  Expect.isEmpty ((builder root "broken.toml" true).Build().AsEnumerable()) "optional")
          }

          test "byte order marks and line ends of Windows are read, what is not UTF-8 is told" {
              inFolders (fun _ root ->
                  let file = Path.Combine(root, "session.toml")
                  let text = table.Replace("\n", "\r\n")

                  for encoding in [ UTF8Encoding true :> Encoding; UTF8Encoding false; UnicodeEncoding(false, true) ] do
                      File.WriteAllText(file, text, encoding)
                      Expect.equal (ttl (builder root "session.toml" false)) "90m" encoding.EncodingName

                  File.WriteAllBytes(file, Array.append (Encoding.UTF8.GetBytes table) [| 0xFFuy; 0xFEuy |])
                  Expect.stringContains (mistake (builder root "session.toml" true)) "is not UTF-8" "told")
          }

          test "a file provider that is set on the builder is asked" {
              inFolders (fun folder root ->
                  write root "session.toml" table
                  write folder "empty/x" ""

                  let composite =
                      new CompositeFileProvider(
                          new PhysicalFileProvider(Path.Combine(folder, "empty")),
                          new PhysicalFileProvider(root)
                      )

                  let from (files: IFileProvider) (path: string) =
                      ConfigurationBuilder().SetFileProvider(files).AddSessionToml(path)

                  Expect.equal (ttl (from composite "session.toml")) "90m" "found by it"
                  Expect.equal (ttl (from (new PhysicalFileProvider(root)) "session.toml")) "90m" "the usual one"
                  let error = mistake (from composite "no.toml")
                  Expect.stringContains error "by the configuration's file provider, a CompositeFileProvider" "which"
                  Expect.stringContains (mistake (from (NullFileProvider()) "no.toml")) "NullFileProvider" "which"
                  write root "folder/x" ""
                  Expect.stringContains (mistake (from composite "folder")) "is a folder" "told")
          } ]
