namespace Runa.Session

open System

/// What a commit must write. It follows from what was loaded and from the session that the handler handed back.
[<RequireQualifiedAccess>]
type internal Plan =
    | Nothing
    /// Move the idle end.
    | Touch of DateTimeOffset
    | Create of SessionState
    /// The cookie is sent again if the lifetime changed.
    | Replace of SessionState * sendsCookie: bool
    /// Store the same session under a new id.
    | Rekey of SessionState
    | Delete
    /// Delete a session that has ended by this node's clock, but may be alive by another's. The cookie stays as it is.
    | DeleteEnded
    /// End the session and begin a new one, as for a "Goodbye" after signing out.
    | DeleteThenCreate of SessionState
    /// Refuse the change: another request has already exchanged the token.
    | Superseded

module internal Plan =
    /// How long a response with a new token may take to reach the browser.
    let flight = TimeSpan.FromSeconds 5.

    /// Whether a browser that sent the old token may still receive the new one, which would replace a token that is set
    /// now. After that time the response was lost, as after a double click, and the browser must be able to sign in
    /// again. The tombstone may come from a node whose clock is minutes ahead, so the difference counts in both
    /// directions (promise 28).
    let private isInFlight (now: DateTimeOffset) (snapshot: Snapshot) =
        snapshot.HasJustMoved
        || match snapshot.Record with
           | ValueSome tombstone -> (now - tombstone.State.CreatedAt).Duration() < flight
           | ValueNone -> false

    /// Makes the plan. Pure: the same inputs give the same plan, so it can be made again after a conflict.
    /// docs/commit.md has a table of the rules.
    let make (now: DateTimeOffset) (idle: TimeSpan option) (snapshot: Snapshot) (wanted: Session) : Plan =
        let state = wanted.State
        let change = wanted.Change
        let isOver = Instant.isUntil now state.ExpiresAt
        let isEmpty = isOver || SessionState.isEmpty state

        match snapshot.Status with
        | SessionStatus.Active when change.Destroyed -> if isEmpty then Plan.Delete else Plan.DeleteThenCreate state
        // The step set a lifetime that has already passed. If it set none, the end came after the load, and a read
        // deletes nothing.
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
        // A logout follows tombstones. It also deletes a session that has ended by this node's clock only.
        | _ when change.Destroyed && not snapshot.Remains.IsNone ->
            if not isEmpty then Plan.DeleteThenCreate state
            elif snapshot.Remains.IsEnded then Plan.DeleteEnded
            else Plan.Delete
        | _ when isEmpty -> Plan.Nothing
        | _ when snapshot.IsSuperseded && (state.Owner.IsNone || isInFlight now snapshot) -> Plan.Superseded
        | _ -> Plan.Create state

    let isNothing (plan: Plan) : bool =
        match plan with
        | Plan.Nothing -> true
        | _ -> false

    /// Whether the plan replaces a record that other requests may replace at the same time.
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
