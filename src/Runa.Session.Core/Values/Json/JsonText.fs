namespace Runa.Session

open System
open System.Buffers
open System.Text
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Unicode

/// JSON text as a session holds it. Each text is checked to be one value, so that a value cannot forge its neighbours
/// when all are written into one object.
module internal JsonText =
    let private strict = UTF8Encoding(false, true)

    /// Writes characters of the basic plane unescaped, except HTML-sensitive ones, so the text is safe in a page.
    let encoder = JavaScriptEncoder.Create UnicodeRanges.All

    /// Raises ArgumentException for text that no store could give back: null, or text with a lone surrogate.
    let checkUnicode (what: string) (text: string | null) =
        match text with
        | null -> raise (ArgumentNullException(what, $"A session's {what} is null."))
        | text ->
            try
                strict.GetByteCount text |> ignore
            with :? EncoderFallbackException ->
                raise (ArgumentException($"A session's {what} is not valid Unicode: it has a lone surrogate.", what))

    /// What is wrong with the text, without quoting it. None: it is exactly one JSON value.
    let problem (text: string) : string option =
        let buffer = ArrayPool<byte>.Shared.Rent(strict.GetMaxByteCount text.Length)

        try
            try
                let length = strict.GetBytes(text, 0, text.Length, buffer, 0)
                let mutable reader =
                    Utf8JsonReader(ReadOnlySpan(buffer, 0, length), JsonReaderOptions(AllowMultipleValues = false))

                if reader.Read() then
                    reader.Skip()

                    // Read returns false at the end, and raises on a second value.
                    if reader.Read() then Some "more than one JSON value" else None
                else
                    Some "no JSON value"
            with
            | :? JsonException -> Some "not exactly one JSON value"
            | :? EncoderFallbackException -> Some "not valid Unicode (a lone surrogate)"
        finally
            ArrayPool<byte>.Shared.Return(buffer, clearArray = true)

    /// One JSON object, made of members that are encoded already.
    let ofMembers (members: seq<struct (string * string)>) : string =
        let text = StringBuilder("{")

        for struct (name, value) in members do
            if text.Length > 1 then
                text.Append ',' |> ignore

            text.Append('"').Append(JsonEncodedText.Encode(name, encoder).Value).Append("\":").Append(value)
            |> ignore

        text.Append('}').ToString()

    /// How many bytes the text takes in UTF-8.
    let bytes (text: string) = Encoding.UTF8.GetByteCount text
