namespace Runa.Session

open System
open System.Diagnostics

/// What stands under the token of a session that is not active.
[<RequireQualifiedAccess; Struct>]
type internal Remains =
    | None
    /// What has ended by the clock of this node, and may live by another's (promise 28): Loaded.Record. A tombstone too.
    | Ended
    /// A tombstone.
    | Moved
    | Unreadable

/// What one load of one request found, and so what its step's session is made from. `since`: when the request first looked
/// at the session, as Stopwatch counts.
[<Sealed; AllowNullLiteral>]
type internal Loaded
    (
        session: NamedSession,
        status: SessionStatus,
        place: StorePlace,
        record: SessionRecord voption,
        isUnreadable: bool,
        state: SessionState,
        now: DateTimeOffset,
        since: int64
    ) =
    inherit SessionOrigin()
    let mutable since = since
    let mutable given: Session | null = null

    override _.Name = session.Name
    override _.Status = status
    override _.Now = now
    override _.Ttl = session.Settings.Ttl
    override _.MaxTtl = session.Settings.MaxTtl

    override _.Undecodable error =
        Telemetry.undecodableValue session.Name
        Log.undecodable session.Log session.Name error

    member _.NamedSession = session
    /// Of no use while New.
    member _.Place = place
    /// What stands in the store: the session's, while Active; otherwise a tombstone, or what has ended.
    member _.Record = record
    override _.State = state

    /// What stands under the token though the session is not active. A logout deletes it.
    member _.Remains: Remains =
        match record with
        | _ when isUnreadable -> Remains.Unreadable
        | ValueSome record when status = SessionStatus.Expired ->
            if SessionRecord.isTombstone record && not (SessionRecord.isExpired now record) then
                Remains.Moved
            else
                Remains.Ended
        | _ -> Remains.None

    /// The token met a tombstone: the browser already has another one. After the tombstone's life it never received that.
    member this.IsSuperseded = this.Remains = Remains.Moved

    /// This request saw the session live a moment before it met its tombstone, whatever the clocks of nodes say.
    member val HasJustMoved = false with get, set

    /// When the request first looked at the session, as Stopwatch counts.
    member _.Since = since

    /// What this is merged with was looked at then.
    member _.LookBackTo(earlier: int64) = since <- min since earlier

    /// The same load as another origin: what was made from this one is no longer made from what stands.
    member this.Again() =
        Loaded(session, status, place, record, isUnreadable, state, now, since, HasJustMoved = this.HasJustMoved)

    /// The session that a step is given.
    member this.Session: Session =
        match given with
        | null ->
            let made = Session(this, state, SessionChange.None)
            given <- made
            made
        | given -> given

module internal Loaded =
    let private empty (session: NamedSession) status place record isUnreadable now =
        let state = SessionState.fresh now session.Settings.Ttl
        Loaded(session, status, place, record, isUnreadable, state, now, Stopwatch.GetTimestamp())

    /// No token, or none of ours.
    let none (session: NamedSession) : Loaded =
        empty session SessionStatus.New Unchecked.defaultof<StorePlace> ValueNone false session.Now

    /// None, of a session that lives in its cookie.
    let newAt (session: NamedSession) (place: StorePlace) : Loaded =
        empty session SessionStatus.New place ValueNone false session.Now

    /// A genuine token whose session is gone.
    let gone (session: NamedSession) (place: StorePlace) : Loaded =
        empty session SessionStatus.Expired place ValueNone false session.Now

    /// A genuine token whose session cannot be read.
    let unreadable (session: NamedSession) (place: StorePlace) : Loaded =
        empty session SessionStatus.Expired place ValueNone true session.Now

    /// Whether it has ended, by what it says itself or by an idle timeout that was shortened since.
    let private isOver (session: NamedSession) (now: DateTimeOffset) (record: SessionRecord) =
        SessionRecord.isExpired now record
        || (match session.Settings.IdleTimeout with
            | Some idle -> record.IdleEnd.IsSome && Instant.isUntil now (record.State.LastSeenAt + idle)
            | None -> false)

    /// What stands under the store key of a genuine token.
    let ofRecord (session: NamedSession) (place: StorePlace) (record: SessionRecord) : Loaded =
        let now = session.Now

        if SessionRecord.isPurgeable now record then
            // Whether it is still there depends on when the store sweeps: nothing is to follow from that.
            gone session place
        elif SessionRecord.isTombstone record || isOver session now record then
            empty session SessionStatus.Expired place (ValueSome record) false now
        else
            Loaded(
                session,
                SessionStatus.Active,
                place,
                ValueSome record,
                false,
                record.State,
                now,
                Stopwatch.GetTimestamp()
            )

    /// What has been written just now, looked at since then.
    let written (session: NamedSession) (place: StorePlace) (record: SessionRecord) (since: int64) : Loaded =
        Loaded(session, SessionStatus.Active, place, ValueSome record, false, record.State, session.Now, since)

    /// What a load found.
    let ofFound (session: NamedSession) (place: StorePlace) (found: Found) : Loaded =
        match found with
        | Found.Record record -> ofRecord session place record
        | Found.Nothing -> gone session place
        | Found.Unreadable -> unreadable session place
