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

/// SessionStatus in a byte.
type internal SnapshotStatus =
    | New = 0uy
    | Active = 1uy
    | Expired = 2uy
    | Taken = 3uy
    | Unproven = 4uy

/// The facts of a snapshot. Every request has one, so they are kept small.
[<Struct; NoComparison; NoEquality>]
type internal SnapshotFacts =
    {
        /// Where the session was found. It has no meaning for a New session.
        Place: Place
        /// The record of an Active or Unproven session. Otherwise a tombstone or a record that has ended; null: there is none.
        Record: SessionRecord | null
        State: SessionState
        /// The time of the load, in UTC ticks.
        Now: int64
        /// When the request first looked at the session, as a Stopwatch timestamp.
        Since: int64
        Status: SnapshotStatus
        IsUnreadable: bool
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

    override _.Status =
        match facts.Status with
        | SnapshotStatus.New -> SessionStatus.New
        | SnapshotStatus.Active -> SessionStatus.Active
        | SnapshotStatus.Taken -> SessionStatus.Taken
        | SnapshotStatus.Unproven -> SessionStatus.Unproven
        | _ -> SessionStatus.Expired

    override _.Now = DateTimeOffset(facts.Now, TimeSpan.Zero)
    override _.Ttl = definition.Settings.Ttl
    override _.MaxTtl = definition.Settings.MaxTtl
    override _.State = facts.State
    override _.Json = definition.Json

    override _.Undecodable error =
        definition.Telemetry.Undecodable()
        definition.Events.Undecodable()
        Log.undecodable definition.Log definition.Name error

    member _.Definition = definition
    member _.Place = facts.Place
    member _.IsActive = facts.Status = SnapshotStatus.Active

    /// Whether the request does not come from the session's device, as far as is known.
    member _.IsUnproven = facts.Status = SnapshotStatus.Unproven

    /// The record of an Active or Unproven session. Otherwise a tombstone or a record that has ended, if there is one.
    member _.Record: SessionRecord voption =
        match facts.Record with
        | null -> ValueNone
        | record -> ValueSome record

    member _.Since = facts.Since
    member _.HasJustMoved = facts.HasJustMoved

    /// What the store still holds under the token although the session is not active. A logout deletes it.
    member _.Remains: Remains =
        if facts.IsUnreadable then
            Remains.Unreadable
        elif facts.Status <> SnapshotStatus.Expired then
            Remains.None
        else
            match facts.Record with
            | null -> Remains.None
            | record when SessionRecord.isTombstone record && facts.Now < (SessionRecord.endsAt record).UtcTicks ->
                Remains.Moved
            | _ -> Remains.Ended

    /// What the load found under a genuine token, as telemetry calls it.
    member this.Found: string =
        if this.IsActive then
            "found"
        else
            match this.Remains with
            | _ when facts.Status = SnapshotStatus.Taken -> "taken"
            | Remains.Unreadable -> "unreadable"
            | Remains.Moved -> "moved"
            | Remains.None
            | Remains.Ended -> "gone"

    /// Whether the token leads to a tombstone: the browser was sent a new token.
    member this.IsSuperseded = this.Remains.IsMoved

    /// A snapshot with the same facts but a new identity: a session made from one is not taken for a session made from
    /// the other.
    member _.Again() = Snapshot(definition, facts)

    /// The same snapshot under another token of its id.
    member this.At(place: Place) : Snapshot =
        if Object.ReferenceEquals(place.Token, facts.Place.Token) then
            this
        else
            Snapshot(definition, { facts with Place = place })

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
    let private make definition status place (record: SessionRecord | null) isUnreadable state now since =
        Snapshot(
            definition,
            { Place = place
              Record = record
              State = state
              Now = (now: DateTimeOffset).UtcTicks
              Since = since
              Status = status
              IsUnreadable = isUnreadable
              HasJustMoved = false }
        )

    let private empty (definition: SessionDefinition) status place record isUnreadable now =
        let state = SessionState.fresh now definition.Settings.Ttl
        make definition status place record isUnreadable state now (Stopwatch.GetTimestamp())

    /// There is no genuine token. `place` says which pieces the browser may hold of a session that lives in its cookie.
    let newAt (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SnapshotStatus.New place null false definition.Now

    /// There is no genuine token.
    let none (definition: SessionDefinition) : Snapshot = newAt definition Unchecked.defaultof<Place>

    /// The token is genuine, but its session is gone.
    let gone (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SnapshotStatus.Expired place null false definition.Now

    /// The token is genuine, but a copy of it was used.
    let taken (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SnapshotStatus.Taken place null false definition.Now

    /// The token is genuine, but the request does not come from the session's device.
    let unproven (definition: SessionDefinition) (place: Place) (record: SessionRecord) : Snapshot =
        empty definition SnapshotStatus.Unproven place record false definition.Now

    /// The token is genuine, but its session cannot be read.
    let unreadable (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SnapshotStatus.Expired place null true definition.Now

    /// Whether a record has ended, by an idle timeout that was shortened since it was stored.
    let private isIdle (definition: SessionDefinition) (now: int64) (record: SessionRecord) =
        match definition.Settings.IdleTimeout with
        | Some idle -> record.IdleExpiresAt.IsSome && record.State.LastSeenAt.UtcTicks + idle.Ticks <= now
        | None -> false

    /// The snapshot of a record that was found under the store key of a genuine token.
    let ofRecord (definition: SessionDefinition) (place: Place) (record: SessionRecord) : Snapshot =
        let now = definition.Now
        let ends = (SessionRecord.endsAt record).UtcTicks

        if
            ends > now.UtcTicks
            && not (SessionRecord.isTombstone record || isIdle definition now.UtcTicks record)
        then
            let since = Stopwatch.GetTimestamp()
            make definition SnapshotStatus.Active place record false record.State now since
        elif SessionRecord.isPurgeable now record then
            // Such a record is there only until the store sweeps, so it counts as gone already.
            gone definition place
        elif ends > now.UtcTicks && NewRecord.isTaken place.Key record then
            taken definition place
        else
            empty definition SnapshotStatus.Expired place record false now

    /// The snapshot of a record that the request has just written. `since`: when the request first looked at the
    /// session.
    let writtenAt (now: DateTimeOffset) definition (place: Place) (record: SessionRecord) (since: int64) : Snapshot =
        make definition SnapshotStatus.Active place record false record.State now since

    let written (definition: SessionDefinition) (place: Place) (record: SessionRecord) (since: int64) : Snapshot =
        writtenAt definition.Now definition place record since
