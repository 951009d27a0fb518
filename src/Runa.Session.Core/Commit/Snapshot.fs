namespace Runa.Session

open System
open System.Diagnostics

/// What the store still holds under the token of a session that is not active.
[<RequireQualifiedAccess; Struct>]
type internal Remains =
    | None
    /// A record or a tombstone that has ended by this node's clock, but may be alive by another's (promise 28).
    | Ended
    /// A tombstone: the session moved to a new id.
    | Moved
    | Unreadable

/// The facts of a snapshot.
[<Struct; NoComparison; NoEquality>]
type internal SnapshotFacts =
    {
        Status: SessionStatus
        /// Where the session was found. It has no meaning for a New session.
        Place: Place
        /// The record of an Active session. Otherwise a tombstone or a record that has ended, if there is one.
        Record: SessionRecord voption
        IsUnreadable: bool
        State: SessionState
        Now: DateTimeOffset
        /// When the request first looked at the session, as a Stopwatch timestamp.
        Since: int64
        /// Whether this request saw the session alive a moment before it found the tombstone. Clocks of other nodes
        /// play no part in this.
        HasJustMoved: bool
    }

/// What one load found. It is the origin of the sessions that are made from it.
[<Sealed; AllowNullLiteral>]
type internal Snapshot(definition: SessionDefinition, facts: SnapshotFacts) =
    inherit SessionOrigin()
    let mutable given: Session | null = null

    override _.Name = definition.Name
    override _.Status = facts.Status
    override _.Now = facts.Now
    override _.Ttl = definition.Settings.Ttl
    override _.MaxTtl = definition.Settings.MaxTtl
    override _.State = facts.State

    override _.Undecodable error =
        Telemetry.undecodableValue definition.Name
        Log.undecodable definition.Log definition.Name error

    member _.Definition = definition
    member _.Place = facts.Place
    member _.Record = facts.Record
    member _.Since = facts.Since
    member _.HasJustMoved = facts.HasJustMoved

    /// What the store still holds under the token although the session is not active. A logout deletes it.
    member _.Remains: Remains =
        match facts.Record with
        | _ when facts.IsUnreadable -> Remains.Unreadable
        | ValueSome record when facts.Status.IsExpired ->
            if SessionRecord.isTombstone record && not (SessionRecord.isExpired facts.Now record) then
                Remains.Moved
            else
                Remains.Ended
        | _ -> Remains.None

    /// Whether the token leads to a tombstone: the browser was sent a new token.
    member this.IsSuperseded = this.Remains.IsMoved

    /// A snapshot with the same facts but a new identity: a session made from one is not taken for a session made from
    /// the other.
    member _.Again() = Snapshot(definition, facts)

    /// The same snapshot, with `earlier` as the time of the first look if that is before its own.
    member this.LookedAt(earlier: int64) : Snapshot =
        if facts.Since <= earlier then
            this
        else
            Snapshot(definition, { facts with Since = earlier })

    /// The same snapshot, for a request that saw the session alive at the time `earlier`. If it has found a tombstone
    /// within `flight` of that, HasJustMoved becomes true.
    member this.SeenLiveAt(earlier: int64, flight: TimeSpan) : Snapshot =
        if this.IsSuperseded && Stopwatch.GetElapsedTime earlier < flight then
            Snapshot(definition, { facts with HasJustMoved = true })
        else
            this

    /// The session that a step gets.
    member this.Session: Session =
        match given with
        | null ->
            let made = Session(this, facts.State, SessionChange.None)
            given <- made
            made
        | given -> given

module internal Snapshot =
    let private make definition status place record isUnreadable state now since =
        Snapshot(
            definition,
            { Status = status
              Place = place
              Record = record
              IsUnreadable = isUnreadable
              State = state
              Now = now
              Since = since
              HasJustMoved = false }
        )

    let private empty (definition: SessionDefinition) status place record isUnreadable now =
        let state = SessionState.fresh now definition.Settings.Ttl
        make definition status place record isUnreadable state now (Stopwatch.GetTimestamp())

    /// There is no genuine token. `place` says which pieces the browser may hold of a session that lives in its cookie.
    let newAt (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.New place ValueNone false definition.Now

    /// There is no genuine token.
    let none (definition: SessionDefinition) : Snapshot = newAt definition Unchecked.defaultof<Place>

    /// The token is genuine, but its session is gone.
    let gone (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.Expired place ValueNone false definition.Now

    /// The token is genuine, but its session cannot be read.
    let unreadable (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.Expired place ValueNone true definition.Now

    /// Whether a record has ended: by its own ends, or by an idle timeout that was shortened since it was stored.
    let private isOver (definition: SessionDefinition) (now: DateTimeOffset) (record: SessionRecord) =
        SessionRecord.isExpired now record
        || (match definition.Settings.IdleTimeout with
            | Some idle -> record.IdleExpiresAt.IsSome && Instant.isUntil now (record.State.LastSeenAt + idle)
            | None -> false)

    /// The snapshot of a record that was found under the store key of a genuine token.
    let ofRecord (definition: SessionDefinition) (place: Place) (record: SessionRecord) : Snapshot =
        let now = definition.Now

        if SessionRecord.isPurgeable now record then
            // Such a record is there only until the store sweeps, so it counts as gone already.
            gone definition place
        elif SessionRecord.isTombstone record || isOver definition now record then
            empty definition SessionStatus.Expired place (ValueSome record) false now
        else
            let since = Stopwatch.GetTimestamp()
            make definition SessionStatus.Active place (ValueSome record) false record.State now since

    /// The snapshot of a record that the request has just written. `since`: when the request first looked at the
    /// session.
    let written (definition: SessionDefinition) (place: Place) (record: SessionRecord) (since: int64) : Snapshot =
        make definition SessionStatus.Active place (ValueSome record) false record.State definition.Now since
