namespace Runa.Session

/// Entries by store key, in many shards, so that whoever changes one delays few others. A shard grows in steps that take
/// well below a millisecond, of many millions of sessions.
[<Sealed>]
type internal MemoryTable(hotBytes: int64) =
    let budget = MemoryBudget hotBytes
    let shards = Array.init 256 (fun number -> MemoryShard(number, MemoryHot budget))

    member _.Shards = shards

    // Buckets go by the low half of the key, so this uses the high half.
    member _.ShardOf(key: StoreKey) : MemoryShard = shards[int (key.High >>> 56)]

    /// Without the shard's lock: any entry that is counted.
    member _.At(id: MemoryId) : byref<MemoryEntry> = &shards[MemoryId.shard id].At(MemoryId.number id)
