namespace Runa.Session

open System

/// Converts records to bytes and back, for drivers whose store takes bytes or text. A record is one JSON document in
/// UTF-8, which the store's own tools and other programs can read. docs/run/drivers.md lists its properties.
[<RequireQualifiedAccess>]
module RecordFormat =
    /// Writes a record as a document.
    let write (record: SessionRecord) : byte[] = RecordWriter.write record

    /// Reads a document. The record equals the one that was written, to the tick. Raises InvalidDataException for a
    /// property that is unknown, missing, duplicate or wrong, and for a format other than 1. The message names the
    /// property but never contains its value.
    let read (document: ReadOnlySpan<byte>) : SessionRecord = RecordReader.read document
