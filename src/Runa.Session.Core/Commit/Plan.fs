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

module internal Plan =
    /// How long the answer that carries the new token may be on its way.
    let flight = TimeSpan.FromSeconds 5.

    /// Whether a browser that shows the old token may yet receive the new one, and lose what it is given now. After
    /// that it never received the answer, as after a double click, and must be able to sign in again. A node whose clock is
    /// minutes ahead may have put the tombstone there: nobody is kept from signing in for as long (promise 28).
    let private isInFlight (now: DateTimeOffset) (snapshot: Snapshot) =
        snapshot.HasJustMoved
        || match snapshot.Record with
           | ValueSome tombstone -> (now - tombstone.State.CreatedAt).Duration() < flight
           | ValueNone -> false

    /// Pure: the same inputs give the same plan, so it can be made again after a conflict. The rows are those of the
    /// table in docs/commit.md.
    let make (now: DateTimeOffset) (idle: TimeSpan option) (snapshot: Snapshot) (wanted: Session) : Plan =
        let state = wanted.State
        let change = wanted.Change
        let isOver = Instant.isUntil now state.ExpiresAt
        let isEmpty = isOver || SessionState.isEmpty state

        match snapshot.Status with
        | SessionStatus.Active when change.Destroyed -> if isEmpty then Plan.Delete else Plan.DeleteThenCreate state
        // A lifetime that the step set, and that has already passed. Otherwise the clock has moved since the load, and
        // reading ends nothing.
        | SessionStatus.Active when isOver && state.ExpiresAt <> snapshot.State.ExpiresAt -> Plan.Delete
        | SessionStatus.Active when change.Regenerated -> Plan.Rekey state
        | SessionStatus.Active when SessionState.same snapshot.State state ->
            match snapshot.Record with
            | ValueSome _ when isOver -> Plan.Nothing
            | ValueSome record when Idle.isOfAnotherTimeout idle record -> Plan.Replace(state, false)
            | ValueSome record ->
                match Idle.dueTouch now idle record with
                | ValueSome idleExpiresAt -> Plan.Touch idleExpiresAt
                | ValueNone -> Plan.Nothing
            | ValueNone -> Plan.Nothing
        | SessionStatus.Active -> Plan.Replace(state, state.ExpiresAt <> snapshot.State.ExpiresAt)
        // A logout follows a tombstone to where the session went, and ends what may have ended by this node's clock only.
        | _ when change.Destroyed && snapshot.Remains <> Remains.None ->
            if not isEmpty then Plan.DeleteThenCreate state
            elif snapshot.Remains = Remains.Ended then Plan.DeleteEnded
            else Plan.Delete
        | _ when isEmpty -> Plan.Nothing
        | _ when snapshot.IsSuperseded && (state.Owner.IsNone || isInFlight now snapshot) -> Plan.Superseded
        | _ -> Plan.Create state

    let isNothing (plan: Plan) : bool =
        match plan with
        | Plan.Nothing -> true
        | _ -> false

    /// Whether it replaces a record that other requests may replace, too.
    let replaces (plan: Plan) : bool =
        match plan with
        | Plan.Replace _
        | Plan.Rekey _ -> true
        | _ -> false

    /// Whether the response must set or expire the cookie of a session that lives in a store.
    let needsCookie (plan: Plan) : bool =
        match plan with
        | Plan.Create _
        | Plan.Rekey _
        | Plan.Delete
        | Plan.DeleteThenCreate _ -> true
        | Plan.Replace(_, sendsCookie) -> sendsCookie
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded -> false
