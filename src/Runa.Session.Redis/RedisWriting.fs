namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open StackExchange.Redis

/// How a conditional replace ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisReplaced =
    | Replaced
    /// Replaced; and its index entry is to be renewed.
    | IndexDue
    | Missing
    /// Nothing was written: the record belongs into an index that does not list it until this end yet.
    | NotIndexed
    /// The fields that stand there now.
    | Conflict of HashEntry[]

/// How a touch ended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal RedisTouched =
    | Touched
    | Missing
    /// Touched; and its index entry, of that end, is to be renewed.
    | IndexDue of scope: string * owner: string * ends: DateTimeOffset

    static member due (scope: RedisValue) (owner: RedisValue) (until: RedisValue) : RedisTouched =
        match RedisRecord.tryTime until with
        | ValueSome ends -> RedisTouched.IndexDue(string scope, string owner, ends)
        | ValueNone -> RedisTouched.Touched

/// An entry of an owner's index.
[<Struct; NoComparison; NoEquality>]
type internal RedisEntry =
    {
        /// The owner's sorted set.
        Owners: RedisKey
        Member: RedisValue
        Now: DateTimeOffset
        EndsAt: DateTimeOffset
    }

    /// The end in milliseconds; the fraction keeps most entries of one end apart, so that a listing that goes on from a
    /// place does not read all of them again.
    member entry.Score: float =
        let mutable hash = 2166136261u

        for c in string entry.Member do
            hash <- (hash ^^^ uint32 c) * 16777619u

        float (entry.EndsAt.ToUnixTimeMilliseconds()) + float ((hash ^^^ (hash >>> 16)) &&& 1023u) / 1024.

    /// Entries up to this score may be dropped where their record is gone: whose clock it is does not matter then.
    member entry.Ended: float = float (entry.Now.ToUnixTimeMilliseconds() - 2L * RedisRecord.keptAfterEnd)

/// The writes, each atomic and on one key. After a cancellation nothing more is sent: whoever asks on the same connection
/// what became of a write gets an answer that stays true.
type internal IRedisWrites =
    abstract Create: RedisWrite * CancellationToken -> Task<bool>

    /// `isIndexed`: the owner's index lists the record until its new end.
    abstract Replace: expected: RecordVersion * isIndexed: bool * RedisWrite * CancellationToken -> Task<RedisReplaced>

    abstract Touch:
        RedisKey * now: DateTimeOffset * idleExpiresAt: DateTimeOffset * CancellationToken -> Task<RedisTouched>

    /// Takes a record away and answers what it was. It needs no memory: a full server does it, too.
    abstract Delete: StoreKey * CancellationToken -> Task<RedisFound>

    /// Lists a record in an owner's sorted set until it ends. Answers some of those that ended long ago.
    abstract Index: RedisEntry * CancellationToken -> Task<RedisValue[]>

    /// Changes an epoch.
    abstract Advance: RedisKey * CancellationToken -> Task<unit>

/// What the keys of epochs hold: a positive number since a revocation; and otherwise one that only says that the key is there:
/// 0, as though it were not, so that it can be changed on a full server without scripts; a negative one on a server that
/// evicts, so that it is missed there.
module internal RedisEpoch =
    /// A sign-in is never under way for this long.
    let life = TimeSpan.FromDays 1.
    /// A longer life stands for a revocation, too, by a server that was too full to be given a number.
    let extended = TimeSpan.FromDays 2.

    let ofRevocation () : RedisValue = RedisValue.op_Implicit (Random.Shared.NextInt64(1L, Int64.MaxValue))

    let placeholder (mayEvict: bool) : RedisValue =
        RedisValue.op_Implicit (if mayEvict then -(Random.Shared.NextInt64(1L, Int64.MaxValue)) else 0L)
