namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks

/// How SessionDriver.Replace ended.
[<RequireQualifiedAccess>]
type ReplaceResult =
    /// The new record stands.
    | Replaced
    /// The version is not the one expected: the record that stands there now.
    | Conflict of SessionRecord
    /// Nothing is there, or what is there has expired.
    | Missing

/// What holds when two processes write one session at once.
[<RequireQualifiedAccess>]
type DriverGuarantee =
    /// Replace is atomic: no update is lost.
    | CompareAndSwap
    /// Two processes that write at once: the later one wins, the earlier one is lost.
    | LastWriteWins

/// Where the sessions of a driver live.
[<RequireQualifiedAccess>]
type DriverPlace =
    /// In a store that other processes may use too: calls take time, and have a time limit.
    | Store
    /// In this process: calls answer at once, have no time limit, and a touch is waited for.
    | Process
    /// Sealed in their cookies: none of the driver's functions is ever called. See CookieDriver.
    | Cookie

/// One record of an owner, as the index lists it.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedRecord =
    {
        /// Where it stands.
        Key: StoreKey
        /// What stands there, a tombstone too.
        Record: SessionRecord
    }

    member internal Display: string

/// One page of a listing.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedPage =
    {
        /// With those that cannot be read, at most 100.
        Items: OwnedRecord list
        /// Where records of the owner stand that cannot be read: damaged, or of a newer format.
        Unreadable: StoreKey list
        /// Where the next page begins; None: this was the last.
        Next: string option
    }

    member internal Display: string

/// What DeleteMany removed under one key.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DeletedRecord =
    {
        /// Where it stood.
        Key: StoreKey
        /// What stood there; ValueNone: it could not be read.
        Record: SessionRecord voption
    }

    member internal Display: string

/// Which revocation of an owner was the last one.
[<Struct; RequireQualifiedAccess>]
type OwnerEpoch =
    {
        /// Changed by each Advance of the owner and each DeleteAll of the scope, to a number that it never was.
        Number: int64
        /// How long ago it was changed last, by the store's own clock or a monotonic one and never by the application's
        /// TimeProvider, rounded up to what the store can tell. TimeSpan.MaxValue: never, or nobody knows.
        Age: TimeSpan
    }

/// Sessions by scope (application and session name) and owner.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type OwnerIndex =
    {
        /// The owner's records, tombstones included, a page of at most 100, from the place that the page before named.
        /// A record that ended no longer than SessionDriver.clockTolerance ago is among them, since it may live by the clock
        /// of another node; one that ended earlier need not be.
        List: string -> string -> string option -> CancellationToken -> ValueTask<OwnedPage>
        /// The last revocation of the owner. A sign-in reads it before and after its record is created: when its number
        /// differs, or it is younger than the request's load of the session, the sign-in lost a race against a revocation and
        /// takes its record back.
        Epoch: string -> string -> CancellationToken -> ValueTask<OwnerEpoch>
        /// Changes the epoch of one owner.
        Advance: string -> string -> CancellationToken -> ValueTask
        /// Changes the epoch of every owner of the scope, then deletes all its records, owned or not, and the successors
        /// of the tombstones among them; answers how many live ones.
        DeleteAll: string -> CancellationToken -> ValueTask<int>
    }

/// Storage for sessions: a record of functions, made by SessionDriver.create or the create of a driver. All of them are
/// called concurrently. What they raise reaches the application as SessionStoreException; but InvalidDataException, from
/// Load, Replace and Delete, says that the record cannot be read (damaged, or of a newer format), and the session then
/// counts as gone (setting OnUnreadable). Its message is logged: it must hold nothing of what is stored.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type SessionDriver =
    {
        /// What error messages call it: "memory".
        Name: string
        /// The record, expired or not; ValueNone where nothing is.
        Load: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
        /// False: the key exists. The index entry of an owned record is written before the record.
        Create: StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>
        /// Replaces the record of that version.
        Replace: StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>
        /// Moves the idle end later, never earlier nor past the absolute end, and leaves the version; false: gone.
        Touch: StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>
        /// What it removed. A record that cannot be read is removed, too, before InvalidDataException is raised. It needs no
        /// room: sessions end on a store that is full, too.
        Delete: StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>
        /// Delete for at most 100 keys at once; what it removed, in any order. Where it raises, some may be removed.
        DeleteMany: StoreKey list -> CancellationToken -> ValueTask<DeletedRecord list>
        /// ValueNone: it cannot list by owner.
        Owners: OwnerIndex voption
        /// What holds when two processes write one session at once.
        Guarantee: DriverGuarantee
        /// Deletes records that ended longer than SessionDriver.clockTolerance ago, and answers how many.
        PurgeExpired: CancellationToken -> ValueTask<int>
        /// Raises when the store does not answer.
        Ping: CancellationToken -> ValueTask
        /// Frees what the driver itself opened.
        Dispose: unit -> ValueTask
        /// Whether what a write raised says for certain that nothing was written: the store is read-only, full, or has no
        /// such table. Otherwise the outcome counts as unknown.
        IsRefusal: exn -> bool
        /// Where its sessions live.
        Place: DriverPlace
    }

/// Makes drivers.
[<RequireQualifiedAccess>]
module SessionDriver =
    /// How far the clocks of two nodes may be apart (promise 28): 5 minutes. What has ended by one clock is not deleted
    /// before it has ended by all of them.
    val clockTolerance: TimeSpan

    /// A driver with compare-and-swap, without an owner index, with nothing to purge, ping or dispose, whose DeleteMany calls
    /// delete for each key, and to whom the outcome of a write that raised is always unknown.
    val create:
        name: string ->
        load: (StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>) ->
        create: (StoreKey -> SessionRecord -> CancellationToken -> ValueTask<bool>) ->
        replace: (StoreKey -> RecordVersion -> SessionRecord -> CancellationToken -> ValueTask<ReplaceResult>) ->
        touch: (StoreKey -> DateTimeOffset -> CancellationToken -> ValueTask<bool>) ->
        delete: (StoreKey -> CancellationToken -> ValueTask<SessionRecord voption>) ->
            SessionDriver

    /// Adds how to delete many records at once, in fewer round trips than one each.
    val withDeleteMany:
        deleteMany: (StoreKey list -> CancellationToken -> ValueTask<DeletedRecord list>) ->
        driver: SessionDriver ->
            SessionDriver

    /// Adds how to tell that a write was refused for certain.
    val withRefusals: isRefusal: (exn -> bool) -> driver: SessionDriver -> SessionDriver
    /// Adds an owner index: without it, listing and ending sessions by owner raises NotSupportedException.
    val withOwners: owners: OwnerIndex -> driver: SessionDriver -> SessionDriver
    /// States another guarantee than CompareAndSwap.
    val withGuarantee: guarantee: DriverGuarantee -> driver: SessionDriver -> SessionDriver
    /// Adds how expired records are deleted, which the registry asks for each minute.
    val withPurge: purge: (CancellationToken -> ValueTask<int>) -> driver: SessionDriver -> SessionDriver
    /// Adds how to ask whether the store answers.
    val withPing: ping: (CancellationToken -> ValueTask) -> driver: SessionDriver -> SessionDriver
    /// Adds what to free when the registry is disposed.
    val withDispose: dispose: (unit -> ValueTask) -> driver: SessionDriver -> SessionDriver
