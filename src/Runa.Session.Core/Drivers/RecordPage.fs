namespace Runa.Session

open System
open System.Buffers
open System.Text.Json

/// What a document is written on. Each thread keeps a page to write on again.
[<Sealed; AllowNullLiteral>]
type internal RecordPage private (options: JsonWriterOptions) =
    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: RecordPage

    let buffer = ArrayBufferWriter<byte> 1024
    let writer = new Utf8JsonWriter(buffer, options)
    // A thread does not keep the memory of a session that was unusually large.
    let longestKept = 65_536

    member _.Writer = writer

    /// Room for a number or a point in time.
    member val Text: byte[] = Array.zeroCreate 32

    static member Take(options: JsonWriterOptions) : RecordPage =
        match RecordPage.kept with
        | null -> RecordPage options
        | page ->
            RecordPage.kept <- null
            page

    /// What was written. The page must not be used any more.
    member page.Finish() : byte[] =
        writer.Flush()
        let written = buffer.WrittenSpan.ToArray()

        if buffer.Capacity <= longestKept then
            buffer.Clear()
            writer.Reset()
            RecordPage.kept <- page

        written
