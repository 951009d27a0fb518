namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata

/// Plain values of which System.Text.Json writes some that it does not read, or reads otherwise (promise 17).
module internal JsonScalars =
    /// A local time that the clock here never shows (skipped in spring, or beyond the calendar in UTC) reads as another.
    [<Sealed>]
    type private DateTimeConverter() =
        inherit JsonConverter<DateTime>()
        let inner = JsonMetadataServices.DateTimeConverter

        let check (time: DateTime) =
            if time.Kind = DateTimeKind.Local && time.ToUniversalTime().ToLocalTime().Ticks <> time.Ticks then
                raise (ArgumentException "a local time that does not exist in the time zone here; store it in UTC")

        override _.Read(reader, t, options) = inner.Read(&reader, t, options)
        override _.ReadAsPropertyName(reader, t, options) = inner.ReadAsPropertyName(&reader, t, options)

        override _.Write(writer, time, options) =
            check time
            inner.Write(writer, time, options)

        override _.WriteAsPropertyName(writer, time, options) =
            check time
            inner.WriteAsPropertyName(writer, time, options)

    /// An absolute `/path` of a file is written as `file:///path`, or it would read as a relative one.
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
