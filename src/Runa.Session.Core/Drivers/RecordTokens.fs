namespace Runa.Session

open System
open System.Buffers.Text
open System.IO
open System.Text
open System.Text.Json

/// Reads single tokens of a record's document. Raises InvalidDataException for a token that is not the expected one. The
/// message names the property but never contains its value (promise 5).
module internal RecordTokens =
    let private strict = UTF8Encoding(false, true)
    let fail (what: string) : 'T = raise (InvalidDataException $"This is no session record: {what}.")

    let expect (token: JsonTokenType) (what: string) (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) || reader.TokenType <> token then
            fail what

    let isNot (name: string) (what: string) : 'T = fail $"\"{name}\" is not {what}"

    let expectString (name: string) (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) || reader.TokenType <> JsonTokenType.String then
            isNot name "a string"

    let text (name: string) (reader: byref<Utf8JsonReader>) : string =
        expectString name &reader
        nonNull (reader.GetString())

    let instant (name: string) (reader: byref<Utf8JsonReader>) =
        expectString name &reader
        let mutable at = DateTimeOffset.MinValue
        if reader.TryGetDateTimeOffset &at then at else isNot name "a point in time"

    let integer (name: string) (reader: byref<Utf8JsonReader>) : int64 =
        expectString name &reader
        let mutable number = 0L
        let mutable read = 0
        // ValueSpan is the text as it is written, with its escapes. RecordWriter escapes no digit.
        let digits = reader.ValueSpan

        if Utf8Parser.TryParse(digits, &number, &read) && read = digits.Length then
            number
        else
            isNot name "an integer of 64 bits"

    /// The text of the next value, as it is written.
    let rawValue (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) then
            fail "a value is missing"

        let start = int reader.TokenStartIndex
        reader.Skip()
        strict.GetString(document.Slice(start, int reader.BytesConsumed - start))
