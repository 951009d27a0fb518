namespace Runa.Session

open System

/// Records as bytes, for drivers whose store takes bytes or text: one JSON document in UTF-8, readable with the store's
/// own tools and by other programs. Its properties are listed in docs/drivers.md.
[<RequireQualifiedAccess>]
module RecordFormat =
    /// The document of a record.
    let write (record: SessionRecord) : byte[] = RecordWriter.write record

    /// The record of a document: equal to the one that was written, to the tick. Raises InvalidDataException for anything
    /// else, naming the property that is wrong and never what it holds: one that is unknown, missing or stands twice, or a
    /// format other than 1.
    let read (document: ReadOnlySpan<byte>) : SessionRecord = RecordReader.read document
