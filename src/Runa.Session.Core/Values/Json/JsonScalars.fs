namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata

/// Types of plain values where System.Text.Json cannot read back every value that it writes, or reads it differently
/// (promise 17).
module internal JsonScalars =
    /// Refuses a local time that does not exist in this time zone (skipped in spring, or out of range in UTC): it would
    /// be read as another time.
    [<Sealed>]
    type private DateTimeConverter() =
        inherit JsonConverter<DateTime>()
        let inner = JsonMetadataServices.DateTimeConverter

        let check (time: DateTime) =
            if time.Kind = DateTimeKind.Local && time.ToUniversalTime().ToLocalTime().Ticks <> time.Ticks then
                raise (ArgumentException "a local time that does not exist in this server's time zone; store it in UTC")

        override _.Read(reader, t, options) = inner.Read(&reader, t, options)
        override _.ReadAsPropertyName(reader, t, options) = inner.ReadAsPropertyName(&reader, t, options)

        override _.Write(writer, time, options) =
            check time
            inner.Write(writer, time, options)

        override _.WriteAsPropertyName(writer, time, options) =
            check time
            inner.WriteAsPropertyName(writer, time, options)

    /// Writes an absolute file path `/path` as `file:///path`, or it would be read as a relative one.
    [<Sealed>]
    type private UriConverter() =
        inherit JsonConverter<Uri>()
        let inner = JsonMetadataServices.UriConverter

        let text (uri: Uri) =
            let text = uri.OriginalString
            JsonStrings.check text

            if uri.IsAbsoluteUri && text.StartsWith '/' then uri.AbsoluteUri else text

        override _.Read(reader, t, options) = inner.Read(&reader, t, options)
        override _.ReadAsPropertyName(reader, t, options) = inner.ReadAsPropertyName(&reader, t, options)
        override _.Write(writer, uri, _) = writer.WriteStringValue(text uri)
        override _.WriteAsPropertyName(writer, uri, _) = writer.WritePropertyName(text uri)

    let converters: JsonConverter list = [ DateTimeConverter(); UriConverter() ]
