namespace Runa.Session

open System
open System.Text.Json
open System.Text.Json.Serialization

/// Strings and characters. System.Text.Json would write U+FFFD for a lone surrogate, and another value would be read
/// than was stored (promise 17).
module internal JsonStrings =
    let private loneSurrogate = "not valid Unicode (a lone surrogate)"

    let check (text: string) =
        let mutable index = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF')

        while index >= 0 && index < text.Length do
            if not (Char.IsSurrogate text[index]) then
                index <- index + 1
            elif index + 1 < text.Length && Char.IsSurrogatePair(text[index], text[index + 1]) then
                index <- index + 2
            else
                raise (ArgumentException loneSurrogate)

    let private toCharacter (text: string | null) =
        match text with
        | null -> raise (JsonException "a character is a string of length one")
        | text when text.Length = 1 -> text[0]
        | _ -> raise (JsonException "a character is a string of length one")

    [<Sealed>]
    type private StringConverter() =
        inherit JsonConverter<string>()
        override _.Read(reader, _, _) = reader.GetString()

        override _.Write(writer, value, _) =
            check value
            writer.WriteStringValue value

        override _.ReadAsPropertyName(reader, _, _) = string (reader.GetString())

        override _.WriteAsPropertyName(writer, value, _) =
            check value
            writer.WritePropertyName value

    [<Sealed>]
    type private CharacterConverter() =
        inherit JsonConverter<char>()
        override _.Read(reader, _, _) = toCharacter (reader.GetString())

        override _.Write(writer, value, _) =
            check (string value)
            writer.WriteStringValue(string value)

        override _.ReadAsPropertyName(reader, _, _) = toCharacter (reader.GetString())

        override _.WriteAsPropertyName(writer, value, _) =
            check (string value)
            writer.WritePropertyName(string value)

    let text: JsonConverter = StringConverter()
    let converters: JsonConverter list = [ text; CharacterConverter() ]
