namespace Runa.Session

open System

/// What one load of one request found, and so what its step's session is made from.
[<Sealed; AllowNullLiteral>]
type internal Loaded
    (
        session: NamedSession,
        status: SessionStatus,
        place: StorePlace,
        record: SessionRecord voption,
        state: SessionState,
        now: DateTimeOffset
    ) =
    inherit SessionOrigin()
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
    /// What stands in the store, while Active; the tombstone, when the token met one.
    member _.Record = record
    override _.State = state

    /// The token met a tombstone: the browser already has another one.
    member _.IsSuperseded =
        match record with
        | ValueSome record -> SessionRecord.isTombstone record
        | ValueNone -> false

    /// The same load as another origin: what was made from this one is no longer made from what stands.
    member _.Again() = Loaded(session, status, place, record, state, now)

    /// The session that a step is given.
    member this.Session: Session =
        match given with
        | null ->
            let made = Session(this, state, SessionChange.None)
            given <- made
            made
        | given -> given

module internal Loaded =
    let private empty session status place record now =
        Loaded(session, status, place, record, SessionState.fresh now session.Settings.Ttl, now)

    /// No token, or none of ours.
    let none (session: NamedSession) : Loaded =
        empty session SessionStatus.New Unchecked.defaultof<StorePlace> ValueNone session.Now

    /// None, of a session that lives in its cookie.
    let newAt (session: NamedSession) (place: StorePlace) : Loaded =
        empty session SessionStatus.New place ValueNone session.Now

    /// A genuine token whose session is gone.
    let gone (session: NamedSession) (place: StorePlace) : Loaded =
        empty session SessionStatus.Expired place ValueNone session.Now

    /// Whether it has ended, by what it says itself or by an idle timeout that was shortened since.
    let private isOver (session: NamedSession) (now: DateTimeOffset) (record: SessionRecord) =
        SessionRecord.isExpired now record
        || (match session.Settings.IdleTimeout with
            | Some idle -> record.IdleEnd.IsSome && Instant.isUntil now (record.State.LastSeenAt + idle)
            | None -> false)

    /// What stands under the store key of a genuine token.
    let ofRecord (session: NamedSession) (place: StorePlace) (record: SessionRecord) : Loaded =
        let now = session.Now

        if isOver session now record then
            empty session SessionStatus.Expired place ValueNone now
        elif SessionRecord.isTombstone record then
            empty session SessionStatus.Expired place (ValueSome record) now
        else
            Loaded(session, SessionStatus.Active, place, ValueSome record, record.State, now)
