namespace Runa.Session

open System

/// What a commit must do to the store, from what was loaded and what the handler handed back.
[<RequireQualifiedAccess>]
type internal Plan =
    | Nothing
    /// A later idle end.
    | Touch of DateTimeOffset
    | Create of SessionState
    /// The cookie is sent again when the lifetime changed.
    | Replace of SessionState * sendsCookie: bool
    /// The same session under a new id.
    | Rekey of SessionState
    | Delete
    /// What has ended already by the clock of this node, and may live by another's. The browser is told nothing.
    | DeleteEnded
    /// Ended, and a new one begun: a "Goodbye" after signing out.
    | DeleteThenCreate of SessionState
    /// It must save under a token that another request has already exchanged.
    | Superseded

module internal Commit =
    /// How rarely an idle end is moved (promise 7).
    let touchInterval (idle: TimeSpan) : TimeSpan = min (idle / 10.) (TimeSpan.FromMinutes 1.)

    /// The end for want of requests, counted from now.
    let idleEnd (now: DateTimeOffset) (idle: TimeSpan option) (state: SessionState) : DateTimeOffset voption =
        match idle with
        | Some idle -> ValueSome(Instant.earlier (now + idle) state.ExpiresAt)
        | None -> ValueNone

    /// The idle end to store for a request that changed nothing, if it is due.
    let dueTouch (now: DateTimeOffset) (idle: TimeSpan option) (record: SessionRecord) : DateTimeOffset voption =
        match idle with
        | None -> ValueNone
        | Some idle ->
            let next = Instant.earlier (now + idle) record.State.ExpiresAt

            match record.IdleEnd with
            | ValueNone -> ValueSome next
            | ValueSome before when Instant.isBefore next before && now + idle - before >= touchInterval idle ->
                ValueSome next
            | ValueSome _ -> ValueNone

    /// Whether it was stored under another idle timeout, or under none. A touch could not tell when it was last seen, and
    /// whoever is active would be taken for idle. Up to the precision of touches the two are one.
    let private isOfAnotherIdle (idle: TimeSpan option) (record: SessionRecord) =
        match idle, record.IdleEnd with
        | None, ValueNone -> false
        | Some idle, ValueSome stored ->
            let expected = Instant.earlier (record.State.LastSeenAt + idle) record.State.ExpiresAt
            (expected - stored).Duration() >= touchInterval idle
        | _ -> true

    /// How long the answer that carries the new token may be on its way.
    let flight = TimeSpan.FromSeconds 5.

    /// Whether a browser that shows the old token may yet receive the new one, and lose what it is given now. After
    /// that it never received the answer, as after a double click, and must be able to sign in again. A node whose clock is
    /// minutes ahead may have put the tombstone there: nobody is kept from signing in for as long (promise 28).
    let private isInFlight (now: DateTimeOffset) (loaded: Loaded) =
        loaded.HasJustMoved
        || match loaded.Record with
           | ValueSome tombstone -> (now - tombstone.State.CreatedAt).Duration() < flight
           | ValueNone -> false

    /// Pure: the same inputs give the same plan, so it can be made again after a conflict. The rows are those of the
    /// table in docs/commit.md.
    let plan (now: DateTimeOffset) (idle: TimeSpan option) (loaded: Loaded) (wanted: Session) : Plan =
        let state = wanted.State
        let change = wanted.Change
        let isOver = Instant.isUntil now state.ExpiresAt
        let isEmpty = isOver || SessionState.isEmpty state

        match loaded.Status with
        | SessionStatus.Active when change.Destroyed -> if isEmpty then Plan.Delete else Plan.DeleteThenCreate state
        // A lifetime that the step set, and that has already passed. Otherwise the clock has moved since the load, and
        // reading ends nothing.
        | SessionStatus.Active when isOver && state.ExpiresAt <> loaded.State.ExpiresAt -> Plan.Delete
        | SessionStatus.Active when change.Regenerated -> Plan.Rekey state
        | SessionStatus.Active when SessionState.same loaded.State state ->
            match loaded.Record with
            | ValueSome _ when isOver -> Plan.Nothing
            | ValueSome record when isOfAnotherIdle idle record -> Plan.Replace(state, false)
            | ValueSome record ->
                match dueTouch now idle record with
                | ValueSome idleEnd -> Plan.Touch idleEnd
                | ValueNone -> Plan.Nothing
            | ValueNone -> Plan.Nothing
        | SessionStatus.Active -> Plan.Replace(state, state.ExpiresAt <> loaded.State.ExpiresAt)
        // A logout follows a tombstone to where the session went, and ends what may have ended by this node's clock only.
        | _ when change.Destroyed && loaded.Remains <> Remains.None ->
            if not isEmpty then Plan.DeleteThenCreate state
            elif loaded.Remains = Remains.Ended then Plan.DeleteEnded
            else Plan.Delete
        | _ when isEmpty -> Plan.Nothing
        | _ when loaded.IsSuperseded && (state.Owner.IsNone || isInFlight now loaded) -> Plan.Superseded
        | _ -> Plan.Create state

    /// Every change needs one where the session lives in its cookie.
    let needsCookie (isInCookie: bool) (plan: Plan) : bool =
        match plan with
        | Plan.Create _
        | Plan.Rekey _
        | Plan.Delete
        | Plan.DeleteThenCreate _ -> true
        | Plan.Replace(_, sendsCookie) -> sendsCookie || isInCookie
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded -> false

    /// Flashes get the ids by which merges tell them apart when they are first stored: from the version of that write.
    let private number (RecordVersion.RecordVersion version) (flashes: Flash list) =
        if flashes |> List.forall (fun flash -> flash.Id <> 0L) then
            flashes
        else
            flashes
            |> List.mapi (fun index flash ->
                if flash.Id <> 0L then
                    flash
                else
                    match version + int64 index with
                    | 0L -> { flash with Id = Int64.MinValue }
                    | id -> { flash with Id = id })

    /// The record to write for a state.
    let record
        (now: DateTimeOffset)
        (idle: TimeSpan option)
        (scope: string)
        (version: RecordVersion)
        (state: SessionState)
        : SessionRecord =
        { Version = version
          Scope = scope
          State = { state with LastSeenAt = now; Flashes = number version state.Flashes }
          IdleEnd = idleEnd now idle state
          Kind = RecordKind.Live }

    /// How long a token that was exchanged still leads to its successor: 2 minutes by the clock of every node.
    let tombstoneLife = TimeSpan.FromMinutes 2. + SessionDriver.clockTolerance

    let tombstone
        (now: DateTimeOffset)
        (scope: string)
        (version: RecordVersion)
        (owner: string option)
        (successor: StoreKey)
        : SessionRecord =
        { Version = version
          Scope = scope
          State = { SessionState.fresh now tombstoneLife with Owner = owner }
          IdleEnd = ValueNone
          Kind = RecordKind.Moved successor }
