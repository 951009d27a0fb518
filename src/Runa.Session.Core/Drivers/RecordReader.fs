namespace Runa.Session

#nowarn 3391

open System
open System.Globalization
open System.IO
open System.Text
open System.Text.Json

/// Reads exactly what RecordWriter writes. Raises InvalidDataException for a property that is unknown, duplicate or of
/// another type. The message names the property but never contains its value (promise 5).
module internal RecordReader =
    let private strict = UTF8Encoding(false, true)
    // Values are up to 64 levels deep, inside the document, a list and an object.
    let private options = JsonReaderOptions(MaxDepth = 72)

    let fail (what: string) : 'T = raise (InvalidDataException $"This is no session record: {what}.")

    let private expect (token: JsonTokenType) (what: string) (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) || reader.TokenType <> token then
            fail what

    let private text (name: string) (reader: byref<Utf8JsonReader>) : string =
        expect JsonTokenType.String $"\"{name}\" is not a string" &reader

        match reader.GetString() with
        | null -> fail $"\"{name}\" is null"
        | text -> text

    let private instant (name: string) (reader: byref<Utf8JsonReader>) =
        expect JsonTokenType.String $"\"{name}\" is not a string" &reader
        let mutable at = DateTimeOffset.MinValue
        if reader.TryGetDateTimeOffset &at then
            at
        else
            fail $"\"{name}\" is not a point in time"

    let private integer (name: string) (reader: byref<Utf8JsonReader>) =
        match Int64.TryParse(text name &reader, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
        | true, number -> number
        | _ -> fail $"\"{name}\" is not an integer of 64 bits"

    /// The text of the next value, as it is written.
    let private rawValue (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) then
            fail "a value is missing"

        let start = int reader.TokenStartIndex
        reader.Skip()
        strict.GetString(document.Slice(start, int reader.BytesConsumed - start))

    let private claims (reader: byref<Utf8JsonReader>) =
        expect JsonTokenType.StartObject "\"claims\" is not an object" &reader
        let mutable found = Map.empty

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            let name = nonNull (reader.GetString())
            expect JsonTokenType.StartArray "a claim is not a list" &reader
            let mutable values = []

            while reader.Read() && reader.TokenType = JsonTokenType.String do
                values <- nonNull (reader.GetString()) :: values

            if reader.TokenType <> JsonTokenType.EndArray then
                fail "a claim is not a list of strings"

            if found.ContainsKey name then
                fail "a claim occurs twice"

            found <- found.Add(name, List.rev values)

        found

    let private values (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
        expect JsonTokenType.StartObject "\"values\" is not an object" &reader
        let mutable found = Map.empty

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            let name = nonNull (reader.GetString())

            if found.ContainsKey name then
                fail "a value occurs twice"

            found <- found.Add(name, rawValue document &reader)

        found

    let private flash (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) : Flash =
        let mutable id = ValueNone
        let mutable key = ValueNone
        let mutable json = ValueNone

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            match reader.GetString() with
            | "id" when id.IsNone -> id <- ValueSome(integer "id" &reader)
            | "key" when key.IsNone -> key <- ValueSome(text "key" &reader)
            | "value" when json.IsNone -> json <- ValueSome(rawValue document &reader)
            | _ -> fail "a flash has an unknown property, or one that occurs twice"

        match id, key, json with
        | ValueSome id, ValueSome key, ValueSome json -> { Id = id; Key = key; Json = json }
        | _ -> fail "a flash lacks its id, key or value"

    let private flashes (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
        expect JsonTokenType.StartArray "\"flashes\" is not a list" &reader
        let mutable found = []

        while reader.Read() && reader.TokenType = JsonTokenType.StartObject do
            found <- flash document &reader :: found

        if reader.TokenType <> JsonTokenType.EndArray then
            fail "\"flashes\" is not a list of objects"

        List.rev found

    let private property
        (document: ReadOnlySpan<byte>)
        (reader: byref<Utf8JsonReader>)
        (name: string)
        (parts: RecordParts)
        : RecordParts =
        match name with
        | "format" ->
            expect JsonTokenType.Number "\"format\" is not a number" &reader
            let mutable number = 0

            if not (reader.TryGetInt32 &number) || number <> RecordWriter.format then
                fail $"its format is not {RecordWriter.format}, the one that this version reads"

            { parts with Format = ValueSome number }
        | "version" -> { parts with Version = ValueSome(integer name &reader) }
        | "scope" -> { parts with Scope = text name &reader }
        | "moved_to" ->
            match StoreKey.ofText (text name &reader) with
            | Some key -> { parts with MovedTo = ValueSome key }
            | None -> fail "\"moved_to\" is not a store key"
        | "created" -> { parts with Created = ValueSome(instant name &reader) }
        | "signed_in" -> { parts with SignedIn = ValueSome(instant name &reader) }
        | "seen" -> { parts with Seen = ValueSome(instant name &reader) }
        | "expires_at" -> { parts with ExpiresAt = ValueSome(instant name &reader) }
        | "idle_expires_at" -> { parts with IdleExpiresAt = ValueSome(instant name &reader) }
        | "owner" -> { parts with Owner = Some(text name &reader) }
        | "label" -> { parts with Label = Some(text name &reader) }
        | "sealed" -> { parts with Sealed = text name &reader }
        | "claims" -> { parts with Claims = claims &reader }
        | "flashes" -> { parts with Flashes = flashes document &reader }
        | "values" -> { parts with Values = values document &reader }
        | _ -> fail "it has a property that this version does not know"

    let private parse (document: ReadOnlySpan<byte>) : RecordParts =
        let mutable parts = RecordParts.none
        let mutable reader = Utf8JsonReader(document, options)
        let mutable seen: Set<string> = Set.empty
        expect JsonTokenType.StartObject "it is not a JSON object" &reader

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            let name = nonNull (reader.GetString())

            if seen.Contains name then
                fail "a property occurs twice"

            seen <- seen.Add name
            parts <- property document &reader name parts

        // Raises if anything follows the object.
        reader.Read() |> ignore
        parts

    let private required (name: string) (part: 'T voption) : 'T =
        match part with
        | ValueSome part -> part
        | ValueNone -> fail $"\"{name}\" is missing"

    let private kind (parts: RecordParts) =
        match parts.Sealed with
        | null ->
            match parts.MovedTo with
            | ValueNone -> RecordKind.Live
            | ValueSome successor -> RecordKind.Moved successor
        | _ when parts.MovedTo.IsSome -> fail "it is both sealed and moved"
        | text -> RecordKind.Sealed text

    let private record (parts: RecordParts) : SessionRecord =
        required "format" parts.Format |> ignore

        { Version = RecordVersion.RecordVersion(required "version" parts.Version)
          Scope =
            match parts.Scope with
            | null -> fail "\"scope\" is missing"
            | scope -> scope
          State =
            { Values = parts.Values
              Flashes = parts.Flashes
              Owner = parts.Owner
              Claims = parts.Claims
              Label = parts.Label
              CreatedAt = required "created" parts.Created
              SignedInAt = ValueOption.toOption parts.SignedIn
              LastSeenAt = required "seen" parts.Seen
              ExpiresAt = required "expires_at" parts.ExpiresAt }
          IdleExpiresAt = parts.IdleExpiresAt
          Kind = kind parts }

    let private badJson (e: exn) : exn = InvalidDataException("This is no session record: bad JSON.", e)

    let private parts (document: ReadOnlySpan<byte>) : RecordParts =
        try
            parse document
        with
        | :? JsonException
        | :? DecoderFallbackException
        | :? InvalidOperationException as e -> raise (badJson e)

    let read (document: ReadOnlySpan<byte>) : SessionRecord = record (parts document)

    /// The state with the claims, flashes and values of a document that RecordWriter.content wrote.
    let content (state: SessionState) (document: ReadOnlySpan<byte>) : SessionState =
        let parts = parts document
        { state with Claims = parts.Claims; Flashes = parts.Flashes; Values = parts.Values }
