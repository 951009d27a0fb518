namespace Runa.Session

open System
open System.Buffers
open System.Text.Json

/// Collects the text of a document. Each thread keeps one, for its next document.
[<Sealed; AllowNullLiteral>]
type internal RecordBuffer private (options: JsonWriterOptions) =
    [<ThreadStatic; DefaultValue>]
    static val mutable private kept: RecordBuffer

    let bytes = ArrayBufferWriter<byte> 1024
    let writer = new Utf8JsonWriter(bytes, options)
    // A thread does not keep the memory of a session that was unusually large.
    let longestKept = 65_536

    member _.Writer = writer

    /// Room for the text of a number or of a point in time.
    member val Scratch: byte[] = Array.zeroCreate 32

    static member Take(options: JsonWriterOptions) : RecordBuffer =
        match RecordBuffer.kept with
        | null -> RecordBuffer options
        | kept ->
            RecordBuffer.kept <- null
            kept

    /// What was written. The caller must not use the buffer any more.
    member this.Finish() : byte[] =
        writer.Flush()
        let written = bytes.WrittenSpan.ToArray()

        if bytes.Capacity <= longestKept then
            bytes.Clear()
            writer.Reset()
            RecordBuffer.kept <- this

        written
