namespace Runa.Session

open System.Buffers
open System.IO.Pipelines

/// Holds the bytes that are written to the pipe while a change is still to be stored. In the server's own pipe they
/// could not be removed, and would precede an error page.
[<Sealed>]
type internal HeldBytes() =
    let mutable held: ArrayBufferWriter<byte> | null = null

    /// The buffer for the held bytes.
    member _.Buffer: ArrayBufferWriter<byte> =
        match held with
        | null ->
            let buffer = ArrayBufferWriter<byte>()
            held <- buffer
            buffer
        | buffer -> buffer

    member _.Count =
        match held with
        | null -> 0
        | buffer -> buffer.WrittenCount

    member _.Discard() =
        match held with
        | null -> ()
        | buffer -> buffer.ResetWrittenCount()

    member this.Release(writer: PipeWriter) =
        if this.Count > 0 then
            BuffersExtensions.Write(writer, this.Buffer.WrittenSpan)
            this.Discard()
