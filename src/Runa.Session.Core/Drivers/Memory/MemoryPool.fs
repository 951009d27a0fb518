namespace Runa.Session

open System
open System.Collections.Generic

/// Unordered entries of one rank. Adding, removing and looking at a random one take the same time however many there
/// are, and nothing is ever copied. Not thread-safe.
[<Sealed>]
type internal MemoryPool(table: MemoryTable) =
    static let chunkLength = 1024
    /// A pool of at most this many is searched completely, so that a small store evicts in exact order.
    static let few = 16
    let chunks = List<MemoryId[]>()
    let mutable count = 0
    let mutable bytes = 0L

    let at (slot: int) : MemoryId = chunks[slot / chunkLength][slot % chunkLength]

    let set (slot: int) (id: MemoryId) =
        chunks[slot / chunkLength][slot % chunkLength] <- id
        (table.At id).Slot <- slot

    member _.Count = count
    member _.Bytes = bytes

    member _.Add(id: MemoryId) =
        if count = chunks.Count * chunkLength then
            chunks.Add(Array.zeroCreate chunkLength)

        set count id
        count <- count + 1
        bytes <- bytes + int64 (table.At id).Size

    /// Removes the entry; the last one takes its slot.
    member _.Remove(id: MemoryId) =
        set (table.At id).Slot (at (count - 1))
        count <- count - 1
        bytes <- bytes - int64 (table.At id).Size

        if chunks.Count * chunkLength - count > 2 * chunkLength then
            chunks.RemoveAt(chunks.Count - 1)

    member _.Resize(id: MemoryId, size: int) =
        let entry = &table.At id
        bytes <- bytes + int64 (size - entry.Size)
        entry.Size <- size

    /// The entry with the least time: of all in a small pool, of `most` random ones in a large pool. Those for which it
    /// is ValueNone do not count. MemoryId.none: there is none except `spared`.
    member _.Find(most: int, spared: MemoryId, time: MemoryId -> int64 voption) : MemoryId =
        let mutable found = MemoryId.none
        let mutable least = Int64.MaxValue
        let isSmall = count <= few

        for n in 0 .. (if isSmall then count else most) - 1 do
            let id = at (if isSmall then n else Random.Shared.Next count)

            if id <> spared then
                match time id with
                | ValueSome time when found = MemoryId.none || time < least ->
                    found <- id
                    least <- time
                | _ -> ()

        found
