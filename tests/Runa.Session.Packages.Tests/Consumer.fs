/// Folders of users, who have the packages and nothing else of the repository.
module Runa.Session.Packages.Tests.Consumer

open System
open System.IO
open Runa.Session.TestSupport

/// Where NuGet unpacks what these tests restore. It is emptied first, since packages of the same version differ between builds.
let private unpacked =
    lazy
        (let folder = Path.Combine(Repository.root, "artifacts", "consumers")

         if Directory.Exists folder then
             Directory.Delete(folder, true)

         folder)

/// What others made comes from the folder that the build filled, without a network.
let environment: (string * string) list Lazy =
    lazy
        [ "NUGET_PACKAGES", unpacked.Value
          "NUGET_FALLBACK_PACKAGES", Path.Combine(Repository.root, "feed")
          "DOTNET_NOLOGO", "1"
          "DOTNET_CLI_TELEMETRY_OPTOUT", "1"
          "MSBUILDDISABLENODEREUSE", "1"
          // What the build of the tests has set is not for their consumers.
          "CI", "" ]

/// The same for scripts. F# Interactive remembers in the home folder which files a `#r "nuget: …"` had, also those of an
/// earlier build of the same version, so scripts get a home of their own.
let scripting (home: string) : (string * string) list =
    environment.Value @ [ "HOME", home; "USERPROFILE", home; "DOTNET_CLI_HOME", home ]

let private sources =
    $"""<configuration>
  <packageSources>
    <clear />
    <add key="packed" value="{Packed.folder}" />
  </packageSources>
</configuration>"""

/// A folder of its own for the work, deleted afterwards.
let inFolder (work: string -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory "runa-consumer"

    try
        File.WriteAllText(Path.Combine(folder.FullName, "nuget.config"), sources)
        work folder.FullName
    finally
        folder.Delete true

let write (folder: string) (name: string) (text: string) : unit = File.WriteAllText(Path.Combine(folder, name), text)

let dotnet (folder: string) (arguments: string list) : Commands.Outcome =
    Commands.succeed "dotnet" folder environment.Value arguments
