namespace Runa.Session

open System
open System.Text.Json

/// Reads what a document holds inside its properties: the members of objects and lists. Raises InvalidDataException.
module internal RecordMembers =
    open RecordTokens

    let claims (reader: byref<Utf8JsonReader>) =
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

    let values (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
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

    let flashes (document: ReadOnlySpan<byte>) (reader: byref<Utf8JsonReader>) =
        expect JsonTokenType.StartArray "\"flashes\" is not a list" &reader
        let mutable found = []

        while reader.Read() && reader.TokenType = JsonTokenType.StartObject do
            found <- flash document &reader :: found

        if reader.TokenType <> JsonTokenType.EndArray then
            fail "\"flashes\" is not a list of objects"

        List.rev found

    let client (reader: byref<Utf8JsonReader>) : SessionClient =
        expect JsonTokenType.StartObject "\"client\" is not an object" &reader
        let mutable address = None
        let mutable agent = None

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            match reader.GetString() with
            | "address" when Option.isNone address -> address <- Some(text "address" &reader)
            | "agent" when Option.isNone agent -> agent <- Some(text "agent" &reader)
            | _ -> fail "\"client\" has an unknown property, or one that occurs twice"

        { Address = address; Agent = agent }

    let rotation (reader: byref<Utf8JsonReader>) : SessionRotation =
        expect JsonTokenType.StartObject "\"rotation\" is not an object" &reader
        let mutable generation = ValueNone
        let mutable rotatedAt = ValueNone
        let mutable seenAt = None

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            match reader.GetString() with
            | "generation" when generation.IsNone ->
                expect JsonTokenType.Number "\"generation\" is not a number" &reader
                let mutable number = 0

                if not (reader.TryGetInt32 &number) || number < 0 then
                    isNot "generation" "a generation"

                generation <- ValueSome number
            | "rotated_at" when rotatedAt.IsNone -> rotatedAt <- ValueSome(instant "rotated_at" &reader)
            | "seen_at" when Option.isNone seenAt -> seenAt <- Some(instant "seen_at" &reader)
            | _ -> fail "\"rotation\" has an unknown property, or one that occurs twice"

        match generation, rotatedAt with
        | ValueSome generation, ValueSome rotatedAt ->
            { Generation = generation; RotatedAt = rotatedAt; SeenAt = seenAt }
        | _ -> fail "\"rotation\" lacks its generation or its time"
