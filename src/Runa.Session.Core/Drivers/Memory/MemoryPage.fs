namespace Runa.Session

open System
open System.Buffers.Binary

/// A piece of memory with blocks one behind the other. Each block begins with the number of its owner and its length.
[<Sealed>]
type internal MemoryPage(length: int) =
    let bytes: byte[] = GC.AllocateUninitializedArray length
    let word (at: int) = BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(bytes, at, 4))
    let setWord (at: int) (value: int) = BinaryPrimitives.WriteInt32LittleEndian(Span(bytes, at, 4), value)

    /// The bytes before the content of a block.
    static member Head = 8

    member _.Bytes = bytes
    member _.Length = bytes.Length
    /// Where the next block begins.
    member val Used = 0 with get, set
    /// The bytes of blocks that are not freed.
    member val Live = 0 with get, set
    member page.Rest = bytes.Length - page.Used
    member page.Waste = bytes.Length - page.Live

    /// -1: the block is freed.
    member _.OwnerAt(at: int) = word at

    member _.LengthAt(at: int) = word (at + 4)
    member _.ContentAt(at: int) : Span<byte> = MemoryPage.Content(bytes, at)

    /// The content of the block that begins there.
    static member Content(bytes: byte[], at: int) : Span<byte> =
        let length = BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(bytes, at + 4, 4))
        Span(bytes, at + MemoryPage.Head, length - MemoryPage.Head)

    /// Adds a block, for which there must be room, and returns where it begins.
    member page.Append(owner: int, content: ReadOnlySpan<byte>) : int =
        let at = page.Used
        let length = MemoryPage.Head + content.Length
        setWord at owner
        setWord (at + 4) length
        content.CopyTo(page.ContentAt at)
        page.Used <- at + length
        page.Live <- page.Live + length
        at

    member page.FreeAt(at: int) =
        setWord at -1
        page.Live <- page.Live - page.LengthAt at

    member page.Clear() =
        page.Used <- 0
        page.Live <- 0
