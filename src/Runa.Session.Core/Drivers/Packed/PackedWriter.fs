namespace Runa.Session

open System
open System.Buffers
open System.Buffers.Binary
open System.Runtime.InteropServices
open System.Text
open System.Text.Unicode

/// Collects the bytes of a packed record. One for each thread.
[<Sealed>]
type internal PackedWriter() =
    static let kept = 65_536

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: PackedWriter | null

    let mutable bytes: byte[] = Array.zeroCreate 512
    let mutable at = 0

    let ensure (count: int) =
        if at + count > bytes.Length then
            Array.Resize(&bytes, max (at + count) (2 * bytes.Length))

            // A thread does not keep the memory of a session that was unusually large.
            if bytes.Length > kept then
                PackedWriter.current <- null

    /// The empty writer of this thread. What was written before is gone.
    static member Fresh() : PackedWriter =
        match PackedWriter.current with
        | null ->
            let writer = PackedWriter()
            PackedWriter.current <- writer
            writer
        | writer ->
            writer.Clear()
            writer

    member private _.Clear() = at <- 0

    member _.Written: ReadOnlySpan<byte> = ReadOnlySpan(bytes, 0, at)
    member _.Length = at

    member _.Byte(value: byte) =
        ensure 1
        bytes[at] <- value
        at <- at + 1

    member _.Int64(value: int64) =
        ensure 8
        BinaryPrimitives.WriteInt64LittleEndian(Span(bytes, at, 8), value)
        at <- at + 8

    /// A number that is not negative, in seven bits a byte.
    member writer.Number(value: int) =
        let mutable rest = value

        while rest > 127 do
            writer.Byte(byte (rest ||| 128))
            rest <- rest >>> 7

        writer.Byte(byte rest)

    /// UTF-8; text that is not valid Unicode as it is in memory.
    member writer.Text(text: string) =
        let start = at
        let length = Encoding.UTF8.GetByteCount text
        writer.Number(length <<< 1)
        ensure length
        let mutable read = 0
        let mutable written = 0

        let status =
            Utf8.FromUtf16(text.AsSpan(), Span(bytes, at, length), &read, &written, replaceInvalidSequences = false)

        if status = OperationStatus.Done then
            at <- at + length
        else
            at <- start
            writer.Number((2 * text.Length <<< 1) ||| 1)
            ensure (2 * text.Length)
            MemoryMarshal.AsBytes(text.AsSpan()).CopyTo(Span(bytes, at, 2 * text.Length))
            at <- at + 2 * text.Length

    /// A name that many records have in common.
    member writer.Name(name: string) =
        let number = PackedNames.Shared.NumberOf name
        writer.Number number

        if number = 0 then
            writer.Text name
