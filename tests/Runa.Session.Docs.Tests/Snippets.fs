/// Compiles the F# that pages show: a file for each page, in which a block sees what the blocks before it declared.
module Runa.Session.Tests.Snippets

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open Runa.Session.Tests.Page

/// What a block takes for granted is in a comment before it, which readers do not see.
let private context =
    Regex(@"<!-- context\n(.*?)^-->$", RegexOptions.Multiline ||| RegexOptions.Singleline)

/// Code that the page shows or takes for granted, with its line.
type private Part = { Line: int; Lines: string[] }

let private part (line: int) (code: string) : Part = { Line = line; Lines = code.TrimEnd().Split '\n' }

let isLeftOut (block: Block) = block.Note.StartsWith("not compiled: ", StringComparison.Ordinal)

let blocks (page: Page) : Block list = page.Blocks |> List.filter (fun block -> block.Language = "fsharp")

let private parts (page: Page) : Part list =
    [ for found in context.Matches page.Text do
          part (2 + page.Text.AsSpan(0, found.Index).Count '\n') found.Groups[1].Value
      for block in blocks page do
          if not (isLeftOut block) then
              part block.Line block.Code ]
    |> List.sortBy _.Line

/// Lines of a whole program or script, which a module inside a file cannot have.
let private ofPrograms = Regex(@"^(module [\w.]+|\[<EntryPoint>\]|#[ri] .*)$")

/// A line of code inside a module. Without its attribute, the entry point must say what its arguments are.
let private inModule (line: string) =
    if ofPrograms.IsMatch line then
        ""
    else
        "    " + line.Replace("let main args =", "let main (args: string[]) =")

let private isOpen (line: string) = line.StartsWith("open ", StringComparison.Ordinal)

/// The page as one file of F#. Errors name the page and its line.
let source (page: Page) : string =
    let name = Regex.Replace(page.Path, @"\W", "_")

    let modules, _ =
        (([], []), List.indexed (parts page))
        ||> List.fold (fun (modules, opened) (index, part) ->
            let code = part.Lines |> Array.map inModule
            let opens = opened |> List.map (fun line -> "    " + line)
            let head = [ "[<AutoOpen>]"; $"module Part{index} ="; yield! opens; "    ()" ]
            let text = head @ $"# {part.Line} \"{page.Path}\"" :: List.ofArray code
            modules @ text, opened @ List.ofArray (Array.filter isOpen part.Lines))

    String.Join('\n', $"module Docs.{name}" :: modules) + "\n"

/// The compiler of the SDK whose runtime this is.
let private compiler: Lazy<string> =
    lazy
        (let runtime = DirectoryInfo(Path.GetDirectoryName(typeof<obj>.Assembly.Location) |> string)
         let dotnet = runtime.Parent |> Option.ofObj |> Option.bind (fun room -> Option.ofObj room.Parent)
         let room = dotnet |> Option.bind (fun room -> Option.ofObj room.Parent) |> Option.get

         Directory.GetDirectories(Path.Combine(room.FullName, "sdk"), $"{Environment.Version.Major}.*")
         |> Array.map (fun sdk -> Path.Combine(sdk, "FSharp", "fsc.dll"))
         |> Array.filter File.Exists
         |> Array.max)

/// The errors of these files, compiled in this order against what this process runs on.
let errors (files: (string * string) list) : string list =
    let folder = Directory.CreateTempSubdirectory("runa-docs-").FullName

    try
        let paths =
            [ for index, (name, text) in List.indexed files do
                  let path = Path.Combine(folder, $"{index}-{Path.GetFileNameWithoutExtension name}.fs")
                  File.WriteAllText(path, text)
                  path ]

        let references =
            (AppContext.GetData "TRUSTED_PLATFORM_ASSEMBLIES" |> string).Split Path.PathSeparator
            |> Array.map (fun path -> $"-r:{path}")

        let arguments = Path.Combine(folder, "arguments.rsp")

        File.WriteAllLines(
            arguments,
            [ yield! [ "--nologo"; "--noframework"; "--targetprofile:netcore"; "--target:library" ]
              yield! [ "--optimize-"; "--debug-"; "--warn:0"; $"-o:{folder}/docs.dll" ]
              yield! references
              yield! paths ]
        )

        let start =
            ProcessStartInfo(
                "dotnet",
                [ compiler.Value; $"@{arguments}" ],
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        use running = Process.Start start |> Option.ofObj |> Option.get
        let output = running.StandardOutput.ReadToEndAsync()
        let faults = running.StandardError.ReadToEndAsync()
        running.WaitForExit()
        let lines = (output.Result + "\n" + faults.Result).Split '\n' |> Array.map _.Trim()
        let found =
            lines
            |> Array.filter (fun line -> Regex.IsMatch(line, @"\berror\b"))
            |> Array.distinct
            |> List.ofArray

        if running.ExitCode <> 0 && found.IsEmpty then
            [ String.Join('\n', lines) ]
        else
            found
    finally
        Directory.Delete(folder, true)
