namespace Runa.Session

#nowarn 3391

open System
open System.Buffers.Text
open System.IO
open System.Text
open System.Text.Json

/// Reads exactly what RecordWriter writes. Raises InvalidDataException for a property that is unknown, duplicate or of
/// another type. The message names the property but never contains its value (promise 5).
module internal RecordReader =
    open RecordTokens

    // Values are up to 64 levels deep, inside the document, a list and an object.
    let private options = JsonReaderOptions(MaxDepth = 72)

    /// The properties in the order in which RecordWriter writes them.
    let private names =
        [| "format"
           "version"
           "scope"
           "moved_to"
           "created"
           "signed_in"
           "seen"
           "expires_at"
           "idle_expires_at"
           "owner"
           "label"
           "client"
           "rotation"
           "device_offered"
           "device_bound"
           "sealed"
           "claims"
           "flashes"
           "values" |]

    let private utf8Names = names |> Array.map Encoding.UTF8.GetBytes

    /// The number of the property at which the reader is. It is looked for from `next` on, where it is in a document that
    /// RecordWriter wrote. -1: there is none.
    let private propertyAt (next: int) (reader: byref<Utf8JsonReader>) : int =
        let mutable tried = 0
        let mutable found = -1

        while found < 0 && tried < names.Length do
            let at = (next + tried) % names.Length

            if reader.ValueTextEquals(ReadOnlySpan utf8Names[at]) then
                found <- at

            tried <- tried + 1

        found

    let private bind (binding: DeviceBinding) (parts: byref<RecordParts>) =
        if parts.Device.IsSome then
            fail "it is both offered and bound to a device"

        parts.Device <- Some binding

    let private readProperty
        (document: ReadOnlySpan<byte>)
        (reader: byref<Utf8JsonReader>)
        (name: string)
        (parts: byref<RecordParts>)
        : unit =
        match name with
        | "format" ->
            expect JsonTokenType.Number "\"format\" is not a number" &reader
            let mutable number = 0

            if not (reader.TryGetInt32 &number) || number <> RecordWriter.format then
                fail $"its format is not {RecordWriter.format}, the one that this version reads"

            parts.Format <- ValueSome number
        | "version" -> parts.Version <- ValueSome(integer name &reader)
        | "scope" -> parts.Scope <- text name &reader
        | "moved_to" ->
            match StoreKey.ofText (text name &reader) with
            | Some key -> parts.MovedTo <- ValueSome key
            | None -> isNot name "a store key"
        | "created" -> parts.Created <- ValueSome(instant name &reader)
        | "signed_in" -> parts.SignedIn <- ValueSome(instant name &reader)
        | "seen" -> parts.Seen <- ValueSome(instant name &reader)
        | "expires_at" -> parts.ExpiresAt <- ValueSome(instant name &reader)
        | "idle_expires_at" -> parts.IdleExpiresAt <- ValueSome(instant name &reader)
        | "owner" -> parts.Owner <- Some(text name &reader)
        | "label" -> parts.Label <- Some(text name &reader)
        | "client" -> parts.Client <- Some(RecordMembers.client &reader)
        | "rotation" -> parts.Rotation <- Some(RecordMembers.rotation &reader)
        | "device_offered" -> bind (DeviceBinding.Offered(text name &reader)) &parts
        | "device_bound" -> bind (DeviceBinding.Bound(text name &reader)) &parts
        | "sealed" -> parts.Sealed <- text name &reader
        | "claims" -> parts.Claims <- RecordMembers.claims &reader
        | "flashes" -> parts.Flashes <- RecordMembers.flashes document &reader
        | _ -> parts.Values <- RecordMembers.values document &reader

    let private parse (document: ReadOnlySpan<byte>) : RecordParts =
        let mutable parts = RecordParts.none
        let mutable reader = Utf8JsonReader(document, options)
        let mutable seen = 0
        let mutable next = 0
        expect JsonTokenType.StartObject "it is not a JSON object" &reader

        while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
            let at = propertyAt next &reader

            if at < 0 then
                fail "it has a property that this version does not know"

            if seen &&& (1 <<< at) <> 0 then
                fail "a property occurs twice"

            seen <- seen ||| (1 <<< at)
            next <- at + 1
            readProperty document &reader names[at] &parts

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
              Client = parts.Client
              Rotation = parts.Rotation
              Device = parts.Device
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

    /// The state with the claims, flashes and values of a document that RecordWriter.contentDocument wrote.
    let content (state: SessionState) (document: ReadOnlySpan<byte>) : SessionState =
        let parts = parts document
        { state with Claims = parts.Claims; Flashes = parts.Flashes; Values = parts.Values }
