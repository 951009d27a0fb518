namespace Runa.Session

open System
open System.Diagnostics

/// What stands under the token of a session that is not active.
[<RequireQualifiedAccess; Struct>]
type internal Remains =
    | None
    /// A record that has ended by this node's clock, and may live by another's (promise 28). A tombstone too.
    | Ended
    /// A tombstone.
    | Moved
    | Unreadable

/// What one load of one request found.
[<Struct; NoComparison; NoEquality>]
type internal SnapshotFacts =
    {
        Status: SessionStatus
        /// Of no use while New.
        Place: Place
        /// The session's record, while Active; otherwise a tombstone, or a record that has ended.
        Record: SessionRecord voption
        IsUnreadable: bool
        State: SessionState
        Now: DateTimeOffset
        /// When the request first looked at the session, as Stopwatch counts.
        Since: int64
        /// This request saw the session live a moment before it met its tombstone, whatever the clocks of nodes say.
        HasJustMoved: bool
    }

/// A snapshot of a session: what one load found, and the origin of the sessions that are made from it.
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
    member _.Facts = facts
    member _.Place = facts.Place
    member _.Record = facts.Record
    member _.Since = facts.Since
    member _.HasJustMoved = facts.HasJustMoved

    /// What stands under the token though the session is not active. A logout deletes it.
    member _.Remains: Remains =
        match facts.Record with
        | _ when facts.IsUnreadable -> Remains.Unreadable
        | ValueSome record when facts.Status = SessionStatus.Expired ->
            if SessionRecord.isTombstone record && not (SessionRecord.isExpired facts.Now record) then
                Remains.Moved
            else
                Remains.Ended
        | _ -> Remains.None

    /// The token met a tombstone: the browser already has another one. After the tombstone's life it never received that.
    member this.IsSuperseded = this.Remains = Remains.Moved

    /// The same facts as another origin: sessions made from this one are not made from that.
    member _.Again() = Snapshot(definition, facts)

    /// The same, first looked at no later than then.
    member this.LookedAt(earlier: int64) : Snapshot =
        if facts.Since <= earlier then
            this
        else
            Snapshot(definition, { facts with Since = earlier })

    /// The same, after a look at the live session by the same request at that time.
    member this.SeenLiveAt(earlier: int64, flight: TimeSpan) : Snapshot =
        if this.IsSuperseded && Stopwatch.GetElapsedTime earlier < flight then
            Snapshot(definition, { facts with HasJustMoved = true })
        else
            this

    /// The session that a step is given.
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

    /// No token, or none of ours. `place`: where the session lives in its cookie, the pieces that the browser may hold.
    let newAt (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.New place ValueNone false definition.Now

    /// No token, or none of ours.
    let none (definition: SessionDefinition) : Snapshot = newAt definition Unchecked.defaultof<Place>

    /// A genuine token whose session is gone.
    let gone (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.Expired place ValueNone false definition.Now

    /// A genuine token whose session cannot be read.
    let unreadable (definition: SessionDefinition) (place: Place) : Snapshot =
        empty definition SessionStatus.Expired place ValueNone true definition.Now

    /// Whether a record has ended, by what it says itself or by an idle timeout that was shortened since.
    let private isOver (definition: SessionDefinition) (now: DateTimeOffset) (record: SessionRecord) =
        SessionRecord.isExpired now record
        || (match definition.Settings.IdleTimeout with
            | Some idle -> record.IdleExpiresAt.IsSome && Instant.isUntil now (record.State.LastSeenAt + idle)
            | None -> false)

    /// What stands under the store key of a genuine token.
    let ofRecord (definition: SessionDefinition) (place: Place) (record: SessionRecord) : Snapshot =
        let now = definition.Now

        if SessionRecord.isPurgeable now record then
            // Whether it is still there depends on when the store sweeps: nothing is to follow from that.
            gone definition place
        elif SessionRecord.isTombstone record || isOver definition now record then
            empty definition SessionStatus.Expired place (ValueSome record) false now
        else
            let since = Stopwatch.GetTimestamp()
            make definition SessionStatus.Active place (ValueSome record) false record.State now since

    /// What has just been written by a request that looked at the session then.
    let written (definition: SessionDefinition) (place: Place) (record: SessionRecord) (since: int64) : Snapshot =
        make definition SessionStatus.Active place (ValueSome record) false record.State definition.Now since
