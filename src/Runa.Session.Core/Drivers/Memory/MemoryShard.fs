namespace Runa.Session

open System
open System.Threading

/// A part of the table: its entries, found by their keys, and their packed records. Whoever calls it holds its lock,
/// except where it says otherwise. Entries are never moved, so their numbers stay.
[<Sealed>]
type internal MemoryShard(number: int, hot: MemoryHot) =
    static let chunkBits = 6
    static let chunkLength = 1 <<< chunkBits

    let turn = Lock()
    let mutable chunks: MemoryEntry[][] = [||]
    let mutable buckets: int[] = Array.zeroCreate 8
    // How many entries were ever made, in use, and the first vacant one, from 1.
    let mutable made = 0
    let mutable count = 0
    let mutable vacant = 0

    let bucket (key: StoreKey) = int key.Low &&& (buckets.Length - 1)

    let pages =
        MemoryPages(fun number place ->
            let entry = &chunks[number >>> chunkBits].[number &&& (chunkLength - 1)]
            entry.Place <- place)

    member _.Turn = turn
    member _.Number = number
    member _.Hot = hot
    /// How many loads found their record packed.
    member val Unpacked = 0 with get, set

    /// Without the lock: any entry that was made when the caller last held a lock.
    member _.At(number: int) : byref<MemoryEntry> = &chunks[number >>> chunkBits].[number &&& (chunkLength - 1)]

    member private shard.IsOf(key: StoreKey, number: int) =
        let entry = &shard.At number
        entry.Key.Low = key.Low && entry.Key.High = key.High

    /// -1: there is none.
    member shard.Find(key: StoreKey) : int =
        let mutable found = buckets[bucket key] - 1

        while found >= 0 && not (shard.IsOf(key, found)) do
            found <- (shard.At found).Next - 1

        found

    member private shard.Rehash() =
        buckets <- Array.zeroCreate (2 * buckets.Length)

        for number in 0 .. made - 1 do
            let entry = &shard.At number

            if entry.Place >= 0 then
                let bucket = bucket entry.Key
                entry.Next <- buckets[bucket]
                buckets[bucket] <- number + 1

    member private shard.Take() : int =
        if vacant > 0 then
            let taken = vacant - 1
            vacant <- (shard.At taken).Next
            taken
        else
            if made = chunks.Length * chunkLength then
                let more = Array.zeroCreate (chunks.Length + 1)
                Array.blit chunks 0 more 0 chunks.Length
                more[chunks.Length] <- Array.zeroCreate chunkLength
                Volatile.Write(&chunks, more)

            made <- made + 1
            made - 1

    /// Adds an entry with this key, which there is none with.
    member shard.Add(key: StoreKey, packed: ReadOnlySpan<byte>, now: int64) : int =
        let added = shard.Take()
        let place = pages.Add(added, packed)
        let entry = &shard.At added
        entry.Key <- key
        entry.LastUse <- now
        entry.IsAgain <- false
        entry.Unpacked <- 0
        entry.Rank <- MemoryRank.Nowhere
        entry.Place <- place
        shard.Describe added
        let bucket = bucket key
        entry.Next <- buckets[bucket]
        buckets[bucket] <- added + 1
        count <- count + 1

        if count > buckets.Length then
            shard.Rehash()

        added

    member shard.Packed(number: int) : Span<byte> = pages.Read (shard.At number).Place

    /// Copies what everybody asks of a record into its entry.
    member shard.Describe(number: int) =
        let entry = &shard.At number
        let packed: ReadOnlySpan<byte> = Span.op_Implicit (pages.Read entry.Place)
        entry.Ends <- PackedHead.ends packed
        entry.HasOwner <- PackedHead.has PackedFlags.Owner packed
        entry.IsTombstone <- PackedHead.has PackedFlags.Moved packed

    member shard.Write(number: int, packed: ReadOnlySpan<byte>) =
        let current = shard.Packed number

        if current.Length = packed.Length then
            packed.CopyTo current
        else
            pages.Free (shard.At number).Place
            (shard.At number).Place <- pages.Add(number, packed)

        shard.Describe number

    /// Without the lock: takes it for a few entries at a time, and calls `action` with each that was there from the
    /// beginning and still is. Returns the sum of what it returned.
    member shard.Each(action: int -> int) : int =
        let mutable sum = 0
        let mutable next = 0

        while next < made do
            let from = next

            sum <-
                sum
                + lock turn (fun () ->
                    let mutable part = 0

                    for number in from .. min made (from + chunkLength) - 1 do
                        if (shard.At number).Place >= 0 then
                            part <- part + action number

                    part)

            next <- next + chunkLength

        sum

    member shard.Remove(number: int) =
        let entry = &shard.At number
        let bucket = bucket entry.Key

        if buckets[bucket] = number + 1 then
            buckets[bucket] <- entry.Next
        else
            let mutable before = buckets[bucket] - 1

            while (shard.At before).Next <> number + 1 do
                before <- (shard.At before).Next - 1

            (shard.At before).Next <- entry.Next

        pages.Free entry.Place
        entry.Place <- -1
        entry.Next <- vacant
        vacant <- number + 1
        count <- count - 1
