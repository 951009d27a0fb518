namespace Runa.Session

open System
open System.Buffers.Binary
open System.Runtime.InteropServices
open System.Text

/// Reads what PackedWriter writes.
module internal PackedReader =
    let byte (bytes: ReadOnlySpan<byte>) (at: byref<int>) : byte =
        let value = bytes[at]
        at <- at + 1
        value

    let int64 (bytes: ReadOnlySpan<byte>) (at: byref<int>) : int64 =
        let value = BinaryPrimitives.ReadInt64LittleEndian(bytes.Slice at)
        at <- at + 8
        value

    let number (bytes: ReadOnlySpan<byte>) (at: byref<int>) : int =
        let mutable value = 0
        let mutable shift = 0

        while bytes[at] > 127uy do
            value <- value ||| (int (bytes[at] &&& 127uy) <<< shift)
            shift <- shift + 7
            at <- at + 1

        value <- value ||| (int bytes[at] <<< shift)
        at <- at + 1
        value

    let text (bytes: ReadOnlySpan<byte>) (at: byref<int>) : string =
        let head = number bytes &at
        let content = bytes.Slice(at, head >>> 1)
        at <- at + content.Length

        if head &&& 1 = 0 then
            Encoding.UTF8.GetString content
        else
            String(MemoryMarshal.Cast<byte, char> content)

    let name (bytes: ReadOnlySpan<byte>) (at: byref<int>) : string =
        match number bytes &at with
        | 0 -> text bytes &at
        | number -> PackedNames.Shared.OfNumber number
