namespace Runa.Session

open System

/// Identifies the write from which a record came: 64 random bits, chosen by the writer. It is not a counter, so that a
/// stale write cannot look fresh after a failover that rolled back.
[<Struct; RequireQualifiedAccess>]
type RecordVersion =
    | RecordVersion of int64

    /// A new version. Random.Shared suffices, since versions must differ but need not be hard to guess.
    static member internal Next() = RecordVersion.RecordVersion(Random.Shared.NextInt64(Int64.MinValue, Int64.MaxValue))

/// The kind of a record.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type RecordKind =
    /// A session.
    | Live
    /// A tombstone: the session has moved to another store key, and this key never serves it. Its state holds only the
    /// owner and when the tombstone ends.
    | Moved of successor: StoreKey
    /// A session whose values, flashes and claims are encrypted, as base64url. The key is derived from the token, which
    /// the store never sees. Its state holds the rest.
    | Sealed of content: string

    override kind.ToString() =
        match kind with
        | Live -> "Live"
        | Moved _ -> "Moved"
        | Sealed _ -> "Sealed"

    member internal kind.Display = kind.ToString()

/// What a driver stores under a store key.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type SessionRecord =
    {
        /// The write from which the record came.
        Version: RecordVersion
        /// Application and session name. The owner index is kept by scope and owner.
        Scope: string
        /// Values and metadata.
        State: SessionState
        /// The idle end, if the session has an idle timeout. Never after the absolute end.
        IdleExpiresAt: DateTimeOffset voption
        /// Whether this is a session or a tombstone.
        Kind: RecordKind
    }

    /// Promise 5: prints neither the owner nor a value.
    override record.ToString() = $"SessionRecord ({record.Kind})"

    member internal record.Display = record.ToString()

/// What drivers need to know of a record.
[<RequireQualifiedAccess>]
module SessionRecord =
    /// The earlier of the idle end and the absolute end.
    let endsAt (record: SessionRecord) : DateTimeOffset =
        match record.IdleExpiresAt with
        | ValueSome idle when Instant.isBefore record.State.ExpiresAt idle -> idle
        | _ -> record.State.ExpiresAt

    /// Whether the record has ended.
    let isExpired (now: DateTimeOffset) (record: SessionRecord) : bool = Instant.isUntil now (endsAt record)

    /// How far apart the clocks of two nodes may be: SessionDriver.clockTolerance.
    let internal clockTolerance = TimeSpan.FromMinutes 5.

    /// Whether the record has ended by the clock of every node (promise 28), so that a sweep may delete it.
    let isPurgeable (now: DateTimeOffset) (record: SessionRecord) : bool =
        (endsAt record).UtcTicks <= now.UtcTicks - clockTolerance.Ticks

    /// Whether the session has moved to another store key.
    let isTombstone (record: SessionRecord) : bool =
        match record.Kind with
        | RecordKind.Moved _ -> true
        | RecordKind.Live
        | RecordKind.Sealed _ -> false

    /// Whether the record is a session that has not ended.
    let internal isLive (now: DateTimeOffset) (record: SessionRecord) : bool =
        not (isTombstone record || isExpired now record)

    /// The record with a later idle end, which never moves backwards or past the absolute end. LastSeenAt moves along,
    /// and the version stays.
    let touch (idleExpiresAt: DateTimeOffset) (record: SessionRecord) : SessionRecord =
        let idleExpiresAt = Instant.earlier idleExpiresAt record.State.ExpiresAt

        match record.IdleExpiresAt with
        | ValueSome before when Instant.isUntil before idleExpiresAt -> record
        | ValueSome before ->
            { record with
                IdleExpiresAt = ValueSome idleExpiresAt
                State = { record.State with LastSeenAt = record.State.LastSeenAt + (idleExpiresAt - before) } }
        | ValueNone -> { record with IdleExpiresAt = ValueSome idleExpiresAt }
