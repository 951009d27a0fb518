namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// The result of SessionDriver.Replace.
[<RequireQualifiedAccess>]
type ReplaceResult =
    /// The new record is stored.
    | Replaced
    /// The stored record has another version than expected. This is the stored record.
    | Conflict of SessionRecord
    /// There is no record, or it has expired.
    | Missing

/// What a driver guarantees when two processes write one session at once.
[<RequireQualifiedAccess>]
type DriverGuarantee =
    /// Replace is atomic: no update is lost.
    | CompareAndSwap
    /// If two processes write at once, the later write wins and the earlier one is lost.
    | LastWriteWins

/// Where the sessions of a driver live.
[<RequireQualifiedAccess>]
type DriverPlace =
    /// In a store that other processes may use too. Calls take time, and have a time limit.
    | Store
    /// In this process. Calls answer at once and have no time limit, and requests wait for a touch.
    | Process
    /// Sealed in their cookies. The driver's functions are never called. See CookieDriver.
    | Cookie

/// One record of an owner, as the index lists it.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedRecord =
    {
        /// The store key of the record.
        Key: StoreKey
        /// The record, which may be a tombstone.
        Record: SessionRecord
    }

    member internal Display: string

/// One page of a listing.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedPage =
    {
        /// The records that can be read. Together with Unreadable, at most 100.
        Items: OwnedRecord list
        /// The store keys of the owner's records that cannot be read: damaged, or of a newer format.
        Unreadable: StoreKey list
        /// Where the next page begins. None: this is the last page.
        Next: string option
    }

    member internal Display: string

/// What DeleteMany removed under one key.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DeletedRecord =
    {
        /// The store key of the record.
        Key: StoreKey
        /// The deleted record. ValueNone: it could not be read.
        Record: SessionRecord voption
    }

    member internal Display: string

/// The latest revocation of an owner's sessions.
[<Struct; RequireQualifiedAccess>]
type OwnerEpoch =
    {
        /// A number that each Advance of the owner and each DeleteAll of the scope changes, to one that it never was
        /// before.
        Number: int64
        /// How long ago the number was last changed, by the store's clock or a monotonic one, never by the
        /// application's TimeProvider, rounded up to what the store can tell. TimeSpan.MaxValue: never, or unknown.
        Age: TimeSpan
    }

/// How many live sessions of a scope a store holds. Tombstones and sessions that have ended do not count.
[<Struct; RequireQualifiedAccess>]
type SessionCount =
    {
        /// All of them.
        Sessions: int64
        /// Those that have an owner.
        SignedIn: int64
    }

/// What a store in this process holds, and what it has evicted.
[<Struct; RequireQualifiedAccess>]
type DriverUsage =
    {
        /// The sessions that it holds, those included that have ended and are not removed yet. The tombstones of signed-in
        /// users do not count; those of visitors, which stand for minutes, may.
        Sessions: int64
        /// The bytes of memory that they take.
        Bytes: int64
        /// How many sessions of visitors who were not signed in it has evicted, since it was made, to make room.
        EvictedVisitors: int64
        /// How many sessions of signed-in users it has evicted, since it was made, to make room.
        EvictedUsers: int64
    }

/// Lists and ends sessions by scope (application and session name) and owner.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type OwnerIndex =
    {
        /// A page of at most 100 records of the owner, tombstones included. The third argument is the Next of the
        /// previous page. Any other text raises ArgumentException, which the application sees if the text was its own: it
        /// does not count as a failure of the store. A record that ended at most SessionDriver.clockTolerance ago is listed, since it may be alive
        /// by another node's clock; one that ended earlier may be left out.
        List: string -> string -> string option -> CancellationToken -> ValueTask<OwnedPage>
        /// The latest revocation of the owner. A sign-in reads it before and after it creates its record. If the number
        /// differs, or the revocation is younger than the request's load of the session, the sign-in loses and deletes
        /// its record again.
        Epoch: string -> string -> CancellationToken -> ValueTask<OwnerEpoch>
        /// Changes the epoch of one owner.
        Advance: string -> string -> CancellationToken -> ValueTask
        /// Changes the epoch of every owner of the scope, then deletes all records of the scope, owned or not, and the
        /// successors of tombstones among them. Returns the number of live ones.
        DeleteAll: string -> CancellationToken -> ValueTask<int>
    }

/// Storage for sessions: a record of functions, created by SessionDriver.create or a driver's own create. The functions
/// are called concurrently. Their exceptions reach the application as SessionStoreException, with one exception:
/// InvalidDataException from Load, Replace and Delete says that the record cannot be read (damaged, or of a newer
/// format), and the session then counts as gone (setting OnUnreadable). Its message is logged, so it must contain
/// nothing of what is stored.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SessionDriver =
    {
        /// The driver's name in messages, such as "memory".
        Name: string
        /// Loads the record, expired or not. ValueNone: there is none.
        Load: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
        /// Stores a new record. Returns false if the key exists. The index entry of an owned record must be written
        /// before the record.
        Create: StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>
        /// Replaces the record if it has this version.
        Replace: StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>
        /// Moves the idle end later, never earlier or past the absolute end. The version stays. Returns false if the
        /// record is gone.
        Touch: StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>
        /// Deletes the record and returns it. A record that cannot be read is deleted too, before InvalidDataException
        /// is raised. Deleting must not need room, so that sessions can end on a full store.
        Delete: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
        /// Deletes at most 100 records at once and returns those that it deleted, in any order. If it raises, some may
        /// be deleted.
        DeleteMany: StoreKey list -> CancellationToken -> ValueTask<DeletedRecord list>
        /// The owner index. ValueNone: the driver cannot list sessions by owner.
        Owners: OwnerIndex voption
        /// Counts the live sessions of a scope, by the driver's clock. It may look at all records of the store. ValueNone:
        /// the driver cannot count.
        Count: (string -> CancellationToken -> ValueTask<SessionCount>) voption
        /// Tells at once how full the store is. ValueNone: it is not in this process, or does not say.
        Usage: (unit -> DriverUsage) voption
        /// What the driver guarantees when two processes write one session at once.
        Guarantee: DriverGuarantee
        /// Deletes records that ended longer than SessionDriver.clockTolerance ago, and returns how many.
        PurgeExpired: CancellationToken -> ValueTask<int>
        /// Raises if the store does not answer.
        Ping: CancellationToken -> ValueTask
        /// Disposes what the driver itself opened.
        Dispose: unit -> ValueTask
        /// Whether an exception of a write shows that certainly nothing was written, because the store is read-only,
        /// full, or has no such table. Otherwise the outcome counts as unknown.
        IsRefusal: exn -> bool
        /// Where the driver's sessions live.
        Place: DriverPlace
    }

/// Functions that create drivers.
[<RequireQualifiedAccess>]
module SessionDriver =
    /// How far apart the clocks of two nodes may be (promise 28): 5 minutes. A record is deleted only when it has ended
    /// by all clocks.
    val clockTolerance: TimeSpan

    /// Creates a driver with compare-and-swap and without an owner index. It has nothing to purge, ping or dispose, its
    /// DeleteMany calls `delete` for each key, and the outcome of a write that raises counts as unknown. The functions
    /// below change that.
    val create:
        name: string ->
        load: (StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>) ->
        create: (StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>) ->
        replace: (StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>) ->
        touch: (StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>) ->
        delete: (StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>) ->
            SessionDriver

    /// Adds a function that deletes many records at once, in fewer round trips than one each.
    val withDeleteMany:
        deleteMany: (StoreKey list -> CancellationToken -> ValueTask<DeletedRecord list>) ->
        driver: SessionDriver ->
            SessionDriver

    /// Adds a function that tells whether a write was certainly refused.
    val withRefusals: isRefusal: (exn -> bool) -> driver: SessionDriver -> SessionDriver
    /// Adds an owner index. Without it, listing and ending sessions by owner raises NotSupportedException.
    val withOwners: owners: OwnerIndex -> driver: SessionDriver -> SessionDriver

    /// Adds a function that counts the live sessions of a scope. Without it, counting raises NotSupportedException.
    val withCount:
        count: (string -> CancellationToken -> ValueTask<SessionCount>) -> driver: SessionDriver -> SessionDriver

    /// Adds a function that tells how full a store in this process is, for the instruments of docs/run/telemetry.md. It is
    /// called whenever they are read, and must answer at once.
    val withUsage: usage: (unit -> DriverUsage) -> driver: SessionDriver -> SessionDriver

    /// Sets another guarantee than CompareAndSwap.
    val withGuarantee: guarantee: DriverGuarantee -> driver: SessionDriver -> SessionDriver
    /// Adds a function that deletes expired records. The registry calls it each minute.
    val withPurge: purge: (CancellationToken -> ValueTask<int>) -> driver: SessionDriver -> SessionDriver
    /// Adds a function that checks whether the store answers.
    val withPing: ping: (CancellationToken -> ValueTask) -> driver: SessionDriver -> SessionDriver
    /// Adds a function that is called when the registry is disposed.
    val withDispose: dispose: (unit -> ValueTask) -> driver: SessionDriver -> SessionDriver
