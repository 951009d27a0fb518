namespace Runa.Session

open System
open System.Buffers
open System.Globalization
open System.Text.Json

/// Writes a record as one JSON document: metadata first, then each value as its key's codec wrote it.
module internal RecordWriter =
    /// The number of the format. It goes up by one whenever older versions would misread a document.
    let format = 1

    /// The point in time as 28 characters, in UTC and to the tick. The texts sort like the points in time.
    let instant (at: DateTimeOffset) = at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)

    let private options = JsonWriterOptions(Encoder = JsonText.encoder, MaxDepth = 128)

    // Values were checked when they were set; white space in them stays.
    let private raw (writer: Utf8JsonWriter) (json: string) = writer.WriteRawValue(json, skipInputValidation = true)

    let private metadata (writer: Utf8JsonWriter) (record: SessionRecord) =
        let state = record.State
        let (RecordVersion.RecordVersion version) = record.Version
        writer.WriteNumber("format", format)
        // A string, since many JSON readers keep only 53 bits of a number.
        writer.WriteString("version", version.ToString CultureInfo.InvariantCulture)
        writer.WriteString("scope", record.Scope)

        match record.Kind with
        | RecordKind.Moved successor -> writer.WriteString("moved_to", StoreKey.toText successor)
        | RecordKind.Live
        | RecordKind.Sealed _ -> ()

        writer.WriteString("created", instant state.CreatedAt)
        state.SignedInAt |> Option.iter (fun at -> writer.WriteString("signed_in", instant at))
        writer.WriteString("seen", instant state.LastSeenAt)
        writer.WriteString("expires_at", instant state.ExpiresAt)
        record.IdleExpiresAt
        |> ValueOption.iter (fun at -> writer.WriteString("idle_expires_at", instant at))
        state.Owner |> Option.iter (fun owner -> writer.WriteString("owner", owner))
        state.Label |> Option.iter (fun label -> writer.WriteString("label", label))

    /// Writes claims, flashes and values, which is what is sealed at rest.
    let content (writer: Utf8JsonWriter) (state: SessionState) =
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
            writer.WriteStartObject "values"

            for KeyValue(key, json) in state.Values do
                writer.WritePropertyName key
                raw writer json

            writer.WriteEndObject()

    /// One JSON object as bytes.
    let document (members: Utf8JsonWriter -> unit) : byte[] =
        let buffer = ArrayBufferWriter<byte> 512
        use writer = new Utf8JsonWriter(buffer, options)
        writer.WriteStartObject()
        members writer
        writer.WriteEndObject()
        writer.Flush()
        buffer.WrittenSpan.ToArray()

    let write (record: SessionRecord) : byte[] =
        document (fun writer ->
            metadata writer record

            match record.Kind with
            | RecordKind.Sealed text -> writer.WriteString("sealed", text)
            | RecordKind.Live
            | RecordKind.Moved _ -> ()

            content writer record.State)
