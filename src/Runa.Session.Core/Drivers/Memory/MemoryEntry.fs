namespace Runa.Session

open System

/// The ranks of entries, in the order of their eviction (promise 26).
type internal MemoryRank =
    /// Not counted yet, or chosen to be evicted.
    | Nowhere = 0uy
    /// A session without an owner that was not loaded since it was created.
    | SeenOnce = 1uy
    /// A session without an owner that was loaded again.
    | SeenAgain = 2uy
    /// The tombstone of a signed-in user's session that moved to a new id.
    | Tombstone = 3uy
    /// A session of a signed-in user.
    | Owned = 4uy

/// Names an entry: the number of its shard, and its number there.
type internal MemoryId = int

module internal MemoryId =
    let none: MemoryId = -1
    let make (shard: int) (number: int) : MemoryId = (shard <<< 24) ||| number
    let shard (id: MemoryId) = int (uint32 id >>> 24)
    let number (id: MemoryId) = id &&& 0xFF_FFFF

/// One record in memory. Its shard's lock guards it, except what is said otherwise. A struct in an array, because a
/// million objects would make the garbage collector stop everybody for long.
[<Struct; NoComparison; NoEquality>]
type internal MemoryEntry =
    val mutable Key: StoreKey
    /// A timestamp, which changes of the clock do not affect. It only affects the order of eviction, so requests write
    /// it without a lock.
    val mutable LastUse: int64
    /// The record's EndsAt in UTC ticks. Eviction reads it without the lock.
    val mutable Ends: int64
    /// The next entry of the same bucket, or the next vacant one, from 1.
    val mutable Next: int
    /// Where the packed record is.
    val mutable Place: int
    /// MemoryShard.Unpacked when it was last unpacked.
    val mutable Unpacked: int
    /// The slot in the pool of its rank. Guarded by MemoryEviction's lock, like the next two.
    val mutable Slot: int
    /// The bytes by which it counts.
    val mutable Size: int
    val mutable Rank: MemoryRank
    val mutable HasOwner: bool
    val mutable IsTombstone: bool
    /// Whether it was loaded since it was created.
    val mutable IsAgain: bool

    member entry.RankOf: MemoryRank =
        if not entry.HasOwner then
            if entry.IsAgain then MemoryRank.SeenAgain else MemoryRank.SeenOnce
        elif entry.IsTombstone then
            MemoryRank.Tombstone
        else
            MemoryRank.Owned

    /// About how many bytes a record takes, by the length of its packed form: the entry, its bucket and its slot; the
    /// block and the waste between blocks; and the owner's index.
    static member SizeOf(length: int, hasOwner: bool) : int =
        let owned = if hasOwner then 320L else 0L
        int (min (int64 Int32.MaxValue) (80L + int64 length + int64 length / 8L + owned))
