namespace Runa.Session

open System
open System.Collections.Generic

/// Unordered entries of one rank. Adding, removing and looking at a random one take the same time however many there
/// are, and nothing is ever copied. Not thread-safe.
[<Sealed>]
type internal MemoryPool() =
    static let chunkLength = 1024
    /// A pool of at most this many is searched completely, so that a small store evicts in exact order.
    static let few = 16
    let chunks = List<(MemoryEntry | null)[]>()
    let mutable count = 0
    let mutable bytes = 0L

    let set (slot: int) (entry: MemoryEntry | null) = chunks[slot / chunkLength][slot % chunkLength] <- entry

    let at (slot: int) : MemoryEntry =
        match chunks[slot / chunkLength][slot % chunkLength] with
        | null -> invalidOp "A slot of a pool is empty."
        | entry -> entry

    member _.Count = count
    member _.Bytes = bytes

    member _.Add(entry: MemoryEntry) =
        if count = chunks.Count * chunkLength then
            chunks.Add(Array.zeroCreate chunkLength)

        set count entry
        entry.Place <- { entry.Place with Slot = count }
        count <- count + 1
        bytes <- bytes + entry.Size

    /// Removes the entry; the last one takes its slot.
    member _.Remove(entry: MemoryEntry) =
        let last = at (count - 1)
        set entry.Slot last
        last.Place <- { last.Place with Slot = entry.Slot }
        set (count - 1) null
        count <- count - 1
        bytes <- bytes - entry.Size

        if chunks.Count * chunkLength - count > 2 * chunkLength then
            chunks.RemoveAt(chunks.Count - 1)

    member _.Resize(entry: MemoryEntry, size: int64) =
        bytes <- bytes + size - entry.Size
        entry.Place <- { entry.Place with Size = size }

    /// The best entry: of all in a small pool, of `most` random ones in a large pool. Null: there is none except
    /// `spared`.
    member _.Find
        (most: int, spared: MemoryEntry | null, isBetter: MemoryEntry -> MemoryEntry | null -> bool)
        : MemoryEntry | null =
        let mutable found: MemoryEntry | null = null
        let isSmall = count <= few

        for n in 0 .. (if isSmall then count else most) - 1 do
            let entry = at (if isSmall then n else Random.Shared.Next count)

            if not (Object.ReferenceEquals(entry, spared)) && isBetter entry found then
                found <- entry

        found
