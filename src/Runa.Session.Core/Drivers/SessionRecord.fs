namespace Runa.Session

open System

/// Which write a record came from: 64 random bits chosen by the writer. Not a counter, so that after a failover that
/// rolled back a stale write cannot look fresh.
[<Struct; RequireQualifiedAccess>]
type RecordVersion =
    | RecordVersion of int64

    /// Random.Shared suffices: versions must differ, they need not be hard to guess.
    static member internal Next() = RecordVersion.RecordVersion(Random.Shared.NextInt64(Int64.MinValue, Int64.MaxValue))

/// What stands in a record.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type RecordKind =
    /// A session.
    | Live
    /// A tombstone: the session has moved to another store key, which is never served under this one. Its state holds
    /// nothing but whose it was and when it ends.
    | Moved of successor: StoreKey
    /// A session whose values, flashes and claims are encrypted with a key that follows from its token, which the store
    /// never sees: base64url. Its state holds the rest.
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
        /// Which write it came from.
        Version: RecordVersion
        /// Whose it is: application and session name. The owner index is kept by scope and owner.
        Scope: string
        /// Values and metadata.
        State: SessionState
        /// The end for want of requests, where the session has an idle timeout; never after the absolute end.
        IdleExpiresAt: DateTimeOffset voption
        /// A session or a tombstone.
        Kind: RecordKind
    }

    /// Promise 5: neither the owner nor a value is printed.
    override record.ToString() = $"SessionRecord ({record.Kind})"

    member internal record.Display = record.ToString()

/// What every driver asks of a record.
[<RequireQualifiedAccess>]
module SessionRecord =
    /// The earlier of the idle and the absolute end.
    let endsAt (record: SessionRecord) : DateTimeOffset =
        match record.IdleExpiresAt with
        | ValueSome idle when Instant.isBefore record.State.ExpiresAt idle -> idle
        | _ -> record.State.ExpiresAt

    /// Whether its earlier end has come.
    let isExpired (now: DateTimeOffset) (record: SessionRecord) : bool = Instant.isUntil now (endsAt record)

    /// How far the clocks of two nodes may be apart: SessionDriver.clockTolerance.
    let internal clockTolerance = TimeSpan.FromMinutes 5.

    /// Whether it has ended by the clock of every node (promise 28), so that a sweep may delete it.
    let isPurgeable (now: DateTimeOffset) (record: SessionRecord) : bool =
        (endsAt record).UtcTicks <= now.UtcTicks - clockTolerance.Ticks

    /// Whether the session has moved to another store key.
    let isTombstone (record: SessionRecord) : bool =
        match record.Kind with
        | RecordKind.Moved _ -> true
        | RecordKind.Live
        | RecordKind.Sealed _ -> false

    /// The record with a later idle end: never moved backwards nor past the absolute end, the version unchanged. When it
    /// was last seen moves along.
    let touch (idleExpiresAt: DateTimeOffset) (record: SessionRecord) : SessionRecord =
        let idleExpiresAt = Instant.earlier idleExpiresAt record.State.ExpiresAt

        match record.IdleExpiresAt with
        | ValueSome before when Instant.isUntil before idleExpiresAt -> record
        | ValueSome before ->
            { record with
                IdleExpiresAt = ValueSome idleExpiresAt
                State = { record.State with LastSeenAt = record.State.LastSeenAt + (idleExpiresAt - before) } }
        | ValueNone -> { record with IdleExpiresAt = ValueSome idleExpiresAt }
