namespace Runa.Session

open System
open System.Collections.Generic
open System.IO
open System.Text
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.FileProviders

/// Where to look for a TOML file.
[<RequireQualifiedAccess>]
type internal TomlPlace =
    /// A file of this machine, by its full path. `from` is the folder at which a relative path starts.
    | Disk of full: string * from: string option
    /// A file that the configuration's own file provider finds.
    | Provider of IFileProvider

/// Finds and reads the file. The framework's provider is not used for folders of this machine: it hides files that
/// begin with a dot, and files outside its root.
module internal SessionTomlFile =
    let placeOf (builder: IConfigurationBuilder) (path: string) : TomlPlace =
        if Path.IsPathRooted path then
            TomlPlace.Disk(Path.GetFullPath path, None)
        else
            match builder.GetFileProvider() with
            | :? PhysicalFileProvider as files -> TomlPlace.Disk(Path.GetFullPath(path, files.Root), Some files.Root)
            | files -> TomlPlace.Provider files

    let private fail (path: string) (what: string) : exn =
        SessionConfigurationException [ $"The session configuration file \"{path}\" {what}." ]

    let private missing (path: string) (place: TomlPlace) : string =
        match place with
        | TomlPlace.Provider files -> $"was not found by the configuration's file provider, a {files.GetType().Name}"
        | TomlPlace.Disk(full, from) ->
            let folder = string (Path.GetDirectoryName full)
            let why = if Directory.Exists folder then "" else ", whose folder does not exist"

            match from with
            | _ when full = path -> $"was not found{why}"
            | Some from ->
                $"was not found: looked for {full}{why}. The path is relative to {from}, where the configuration's file provider starts, usually the content root"
            | None -> $"was not found: looked for {full}{why}"

    let private textOf (path: string) (full: string) (stream: Stream) : string =
        try
            use reader = new StreamReader(stream, UTF8Encoding(false, true))
            reader.ReadToEnd()
        with :? DecoderFallbackException ->
            raise (fail path $"is not UTF-8 ({full})")

    /// Opens the file. None: it is not there. Raises for a folder.
    let private tryOpen (path: string) (place: TomlPlace) : (string * Stream) option =
        match place with
        | TomlPlace.Provider files ->
            let file = files.GetFileInfo path

            if file.IsDirectory || files.GetDirectoryContents(path).Exists then
                raise (fail path "is a folder, not a file")

            if file.Exists then Some(file.Name, file.CreateReadStream()) else None
        | TomlPlace.Disk(full, _) ->
            if Directory.Exists full then
                raise (fail path $"is a folder, not a file ({full})")

            try
                Some(full, new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            with
            // These are also raised for a link that leads nowhere, and for a path below a file.
            | :? FileNotFoundException
            | :? DirectoryNotFoundException -> None
            | :? IOException when not (File.Exists full) -> None

    /// The text of the file. None: it is optional and not there. Raises SessionConfigurationException.
    let read (path: string) (place: TomlPlace) (isOptional: bool) : string option =
        try
            match tryOpen path place with
            | Some(full, stream) -> Some(textOf path full stream)
            | None when isOptional -> None
            | None -> raise (fail path (missing path place))
        with
        | :? UnauthorizedAccessException
        | :? IOException as e -> raise (fail path $"could not be read: {e.Message.TrimEnd '.'}")

[<Sealed>]
type internal SessionTomlProvider(place: TomlPlace, path: string, isOptional: bool) =
    inherit ConfigurationProvider()
    let mutable source = ""

    override this.Load() =
        match SessionTomlFile.read path place isOptional with
        | Some text ->
            this.Data <- Dictionary(SessionToml.parse path text, StringComparer.OrdinalIgnoreCase)
            source <- text
        | None -> ()

    /// Where a key or a table stands: `config/session.toml, line 3`. None: not in this file.
    member _.TryPlace(key: string) : string option =
        match (TomlLines.find source).TryGetValue key with
        | true, line -> Some $"{path}, line {line}"
        | _ -> None

[<Sealed>]
type internal SessionTomlSource(path: string, isOptional: bool) =
    do ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)

    interface IConfigurationSource with
        member _.Build builder = SessionTomlProvider(SessionTomlFile.placeOf builder path, path, isOptional)
