namespace Runa.Session.Tool

open System
open System.Globalization
open System.IO
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Json.Nodes

/// What a command answers: lines for people, and the same as JSON.
type Answer =
    {
        Lines: string list
        /// What may be wrong, although the command was carried out.
        Warnings: string list
        Json: JsonObject
        ExitCode: int
    }

module Answer =
    let private options =
        JsonSerializerOptions(WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping)

    let create (lines: string list) (json: (string * (JsonNode | null)) list) : Answer =
        let document = JsonObject()

        for name, value in json do
            document[name] <- value

        { Lines = lines; Warnings = []; Json = document; ExitCode = 0 }

    /// A text on one line that steers no terminal. Labels often come from a header of a visitor's browser.
    let visible (text: string) : string =
        text |> String.collect (fun c -> if Char.IsControl c then $@"\u{int c:X4}" else string c)

    let time (at: DateTimeOffset) : string =
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)

    let text (value: string) : JsonNode | null = JsonValue.Create value
    let number (value: int64) : JsonNode | null = JsonValue.Create value
    let list (values: (JsonNode | null) seq) : JsonNode | null =
        let array = JsonArray()
        Seq.iter array.Add values
        array

    /// `1 session`, `2 sessions`
    let counted (number: int64) (thing: string) : string = if number = 1L then $"1 {thing}" else $"{number} {thing}s"

    let withWarnings (warnings: string list) (answer: Answer) : Answer =
        if not warnings.IsEmpty then
            answer.Json["warnings"] <- list (warnings |> Seq.map text)

        { answer with Warnings = warnings }

    let ofProblem (exitCode: int) (sentences: string list) : Answer =
        { create sentences [ "errors", list (sentences |> Seq.map text) ] with ExitCode = exitCode }

    /// Answers go to the standard output; problems and warnings for people go to the standard error.
    let write (isJson: bool) (answer: Answer) : int =
        let writer: TextWriter = if answer.ExitCode = 0 || isJson then Console.Out else Console.Error

        if isJson then
            writer.WriteLine(answer.Json.ToJsonString options)
        else
            for line in answer.Lines do
                writer.WriteLine line

            for warning in answer.Warnings do
                Console.Error.WriteLine warning

        answer.ExitCode
