namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Text
open System.Globalization
open System.Text.Json

/// Writes a record as one JSON document: metadata first, then each value as its key's codec wrote it.
module internal RecordWriter =
    /// The number of the format. It goes up by one whenever older versions would misread a document.
    let format = 1

    let private options = JsonWriterOptions(Encoder = JsonText.encoder, MaxDepth = 128)

    // Values were checked when they were set; white space in them stays.
    let private raw (writer: Utf8JsonWriter) (json: string) = writer.WriteRawValue(json, skipInputValidation = true)

    let private name (text: string) = JsonEncodedText.Encode(text, JsonText.encoder)
    let private formatName = name "format"
    let private versionName = name "version"
    let private scopeName = name "scope"
    let private createdName = name "created"
    let private signedInName = name "signed_in"
    let private seenName = name "seen"
    let private expiresAtName = name "expires_at"
    let private idleExpiresAtName = name "idle_expires_at"
    let private rotatedAtName = name "rotated_at"
    let private seenAtName = name "seen_at"
    let private valuesName = name "values"

    let private text (buffer: RecordBuffer) (name: JsonEncodedText) (length: int) =
        buffer.Writer.WriteString(name, ReadOnlySpan(buffer.Scratch, 0, length))

    /// Writes the point in time as 28 characters, in UTC and to the tick. The texts sort like the points in time.
    let private instant (buffer: RecordBuffer) (name: JsonEncodedText) (at: DateTimeOffset) =
        let mutable length = 0
        Utf8Formatter.TryFormat(at.UtcDateTime, Span buffer.Scratch, &length, StandardFormat 'O') |> ignore
        text buffer name length

    // A string, since many JSON readers keep only 53 bits of a number.
    let private integer (buffer: RecordBuffer) (name: JsonEncodedText) (number: int64) =
        let mutable length = 0
        Utf8Formatter.TryFormat(number, Span buffer.Scratch, &length) |> ignore
        text buffer name length

    let private client (writer: Utf8JsonWriter) (client: SessionClient) =
        writer.WriteStartObject "client"
        client.Address |> Option.iter (fun text -> writer.WriteString("address", text))
        client.Agent |> Option.iter (fun text -> writer.WriteString("agent", text))
        writer.WriteEndObject()

    let private rotation (buffer: RecordBuffer) (rotation: SessionRotation) =
        buffer.Writer.WriteStartObject "rotation"
        buffer.Writer.WriteNumber("generation", rotation.Generation)
        instant buffer rotatedAtName rotation.RotatedAt
        rotation.SeenAt |> Option.iter (instant buffer seenAtName)
        buffer.Writer.WriteEndObject()

    let private metadata (buffer: RecordBuffer) (record: SessionRecord) =
        let writer = buffer.Writer
        let state = record.State
        let (RecordVersion.RecordVersion version) = record.Version
        writer.WriteNumber(formatName, format)
        integer buffer versionName version
        writer.WriteString(scopeName, record.Scope)

        match record.Kind with
        | RecordKind.Moved successor -> writer.WriteString("moved_to", StoreKey.toText successor)
        | RecordKind.Live
        | RecordKind.Sealed _ -> ()

        instant buffer createdName state.CreatedAt

        match state.SignedInAt with
        | Some at -> instant buffer signedInName at
        | None -> ()

        instant buffer seenName state.LastSeenAt
        instant buffer expiresAtName state.ExpiresAt

        match record.IdleExpiresAt with
        | ValueSome at -> instant buffer idleExpiresAtName at
        | ValueNone -> ()

        match state.Owner with
        | Some owner -> writer.WriteString("owner", owner)
        | None -> ()

        match state.Label with
        | Some label -> writer.WriteString("label", label)
        | None -> ()

        match state.Client with
        | Some found -> client writer found
        | None -> ()

        match state.Rotation with
        | Some found -> rotation buffer found
        | None -> ()

        match state.Device with
        | Some(DeviceBinding.Offered id) -> writer.WriteString("device_offered", id)
        | Some(DeviceBinding.Bound id) -> writer.WriteString("device_bound", id)
        | None -> ()

    let private content (writer: Utf8JsonWriter) (state: SessionState) =
        if not state.Claims.IsEmpty then
            writer.WriteStartObject "claims"

            for KeyValue(name, values) in state.Claims do
                writer.WriteStartArray name
                values |> List.iter writer.WriteStringValue
                writer.WriteEndArray()

            writer.WriteEndObject()

        if not state.Flashes.IsEmpty then
            writer.WriteStartArray "flashes"

            for flash in state.Flashes do
                writer.WriteStartObject()
                writer.WriteString("id", flash.Id.ToString CultureInfo.InvariantCulture)
                writer.WriteString("key", flash.Key)
                writer.WritePropertyName "value"
                raw writer flash.Json
                writer.WriteEndObject()

            writer.WriteEndArray()

        if not state.Values.IsEmpty then
            writer.WriteStartObject valuesName

            for KeyValue(key, json) in state.Values do
                writer.WritePropertyName key
                raw writer json

            writer.WriteEndObject()

    let private finished (buffer: RecordBuffer) : byte[] =
        buffer.Writer.WriteEndObject()
        buffer.Finish()

    let private begun () : RecordBuffer =
        let buffer = RecordBuffer.Take options
        buffer.Writer.WriteStartObject()
        buffer

    /// Claims, flashes and values as one JSON object, which is what is sealed at rest.
    let contentDocument (state: SessionState) : byte[] =
        let buffer = begun ()
        content buffer.Writer state
        finished buffer

    let write (record: SessionRecord) : byte[] =
        let buffer = begun ()
        metadata buffer record

        match record.Kind with
        | RecordKind.Sealed text -> buffer.Writer.WriteString("sealed", text)
        | RecordKind.Live
        | RecordKind.Moved _ -> ()

        content buffer.Writer record.State
        finished buffer
