namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// The result of a conditional replace.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisReplaced =
    | Replaced
    /// The record was replaced, and its index entry must be renewed.
    | IndexDue
    | Missing
    /// Nothing was written: the owner's index does not yet list the record until its new end.
    | NotIndexed
    /// The record has another version. This is its value.
    | Conflict of RedisValue

/// The result of a touch.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisTouched =
    | Touched
    | Missing
    /// The record was touched, and its index entry, with this end, must be renewed.
    | IndexDue of scope: string * owner: string * ends: DateTimeOffset

    /// For the head of a record whose index entry is due.
    static member due(head: RedisValue) : RedisTouched =
        let bytes: ReadOnlyMemory<byte> = RedisValue.op_Implicit head
        let head = bytes.Span

        match RedisHead.tryWhose head, RedisHead.tryTime RedisHead.expiresAt head with
        | ValueSome { RedisWhose.Scope = scope; RedisWhose.Owner = NonNull owner }, ValueSome ends ->
            RedisTouched.IndexDue(scope, owner, ends)
        | _ -> RedisTouched.Touched

/// An entry in an owner's index.
[<Struct; NoComparison; NoEquality>]
type internal RedisEntry =
    {
        /// The owner's sorted set.
        Owners: RedisKey
        Member: RedisValue
        Now: DateTimeOffset
        EndsAt: DateTimeOffset
    }

    /// The end in milliseconds. The fraction keeps most entries with the same end apart, so that a listing that goes on
    /// from a place does not read all of them again.
    member entry.Score: float =
        let mutable hash = 2166136261u

        for c in string entry.Member do
            hash <- (hash ^^^ uint32 c) * 16777619u

        float (entry.EndsAt.ToUnixTimeMilliseconds()) + float ((hash ^^^ (hash >>> 16)) &&& 1023u) / 1024.

    /// Entries up to this score may be dropped if their record is gone. They ended so long ago that differences between
    /// clocks do not matter.
    member entry.Ended: float = float (entry.Now.ToUnixTimeMilliseconds() - 2L * RedisRecord.keptAfterEnd)

/// The writes. Each is atomic and uses one key. After a cancellation nothing more is sent, so the outcome of a write
/// that is read on the same connection afterwards does not change any more.
type internal IRedisWrites =
    abstract Create: RedisWrite * CancellationToken -> Task<bool>

    /// Replaces a record. `isIndexed`: the owner's index already lists the record until its new end.
    abstract Replace: expected: RecordVersion * isIndexed: bool * RedisWrite * CancellationToken -> Task<RedisReplaced>

    abstract Touch:
        RedisKey * now: DateTimeOffset * idleExpiresAt: DateTimeOffset * CancellationToken -> Task<RedisTouched>

    /// Deletes a record and returns it. Needs no memory, so it works on a full server too.
    abstract Delete: StoreKey * CancellationToken -> Task<RedisFound>

    /// Adds a record to an owner's index until its end. Returns some entries that ended long ago.
    abstract Index: RedisEntry * CancellationToken -> Task<RedisValue[]>

    /// Changes an epoch.
    abstract Advance: RedisKey * CancellationToken -> Task<unit>

/// What the keys of epochs hold. After a revocation: a positive number. Otherwise a placeholder: 0, which counts like a
/// missing key, so that the epoch can be changed on a full server without scripts; or a negative number on a server
/// that evicts, so that an eviction is noticed.
module internal RedisEpoch =
    /// How long an epoch is kept. No sign-in takes this long.
    let life = TimeSpan.FromDays 1.
    /// A longer expiry also means a revocation, on a server that was too full for a new number.
    let extended = TimeSpan.FromDays 2.

    let ofRevocation () : RedisValue = RedisValue.op_Implicit (Random.Shared.NextInt64(1L, Int64.MaxValue))

    let placeholder (mayEvict: bool) : RedisValue =
        RedisValue.op_Implicit (if mayEvict then -(Random.Shared.NextInt64(1L, Int64.MaxValue)) else 0L)
