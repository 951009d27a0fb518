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
    /// Refuse the change: the request does not come from the session's device.
    | Unproven

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

    /// The plan if the step changed nothing.
    let private unchanged now idle (snapshot: Snapshot) (state: SessionState) : Plan =
        match snapshot.Record with
        | ValueSome record when Idle.isOfAnotherTimeout idle record -> Plan.Replace(state, false)
        | ValueSome record ->
            match Idle.dueTouch now idle record with
            | ValueSome idleExpiresAt -> Plan.Touch idleExpiresAt
            | ValueNone -> Plan.Nothing
        | ValueNone -> Plan.Nothing

    let private ofActive now idle (snapshot: Snapshot) (wanted: Session) isOver : Plan =
        let state = wanted.State
        let change = wanted.Change
        let setsEnd = state.ExpiresAt.UtcTicks <> snapshot.State.ExpiresAt.UtcTicks

        if change.Destroyed then
            if isOver || SessionState.isEmpty state then
                Plan.Delete
            else
                Plan.DeleteThenCreate state
        // The step set a lifetime that has already passed. If it set none, the end came after the load, and a read
        // deletes nothing.
        elif isOver && setsEnd then
            Plan.Delete
        elif change.Regenerated then
            Plan.Rekey state
        elif not (SessionState.same snapshot.State state) then
            Plan.Replace(state, setsEnd)
        elif isOver then
            Plan.Nothing
        else
            unchanged now idle snapshot state

    let private ofInactive now (snapshot: Snapshot) (wanted: Session) isOver : Plan =
        let state = wanted.State
        let isEmpty = isOver || SessionState.isEmpty state

        // A logout follows tombstones. It also deletes a session that has ended by this node's clock only.
        if wanted.Change.Destroyed && not snapshot.Remains.IsNone then
            if not isEmpty then Plan.DeleteThenCreate state
            elif snapshot.Remains.IsEnded then Plan.DeleteEnded
            else Plan.Delete
        elif isEmpty then
            Plan.Nothing
        elif snapshot.IsSuperseded && (state.Owner.IsNone || isInFlight now snapshot) then
            Plan.Superseded
        else
            Plan.Create state

    /// A request that does not come from the session's device can end the session, and sign in to a new one. If the owner signs
    /// in again, the old one ends: its device is lost.
    let private ofUnproven (snapshot: Snapshot) (wanted: Session) isOver : Plan =
        let state = wanted.State
        let change = wanted.Change
        let isEmpty = isOver || SessionState.isEmpty state
        let isOwners = snapshot.Record |> ValueOption.exists (fun record -> record.State.Owner = state.Owner)

        // Also what an empty session would not be stored for: no answer says that it was done.
        let isChanged = change.Cleared || change.Regenerated || not (SessionState.same snapshot.State state)

        if change.Destroyed && isEmpty then
            Plan.Delete
        elif change.Destroyed || (state.Owner.IsSome && isOwners) then
            Plan.DeleteThenCreate state
        elif state.Owner.IsSome then
            Plan.Create state
        elif isChanged then
            Plan.Unproven
        else
            Plan.Nothing

    /// Makes the plan. Pure: the same inputs give the same plan, so it can be made again after a conflict.
    /// docs/understand/commit.md has a table of the rules.
    let make (now: DateTimeOffset) (idle: TimeSpan option) (snapshot: Snapshot) (wanted: Session) : Plan =
        let isOver = Instant.isUntil now wanted.State.ExpiresAt

        if snapshot.IsActive then ofActive now idle snapshot wanted isOver
        elif snapshot.IsUnproven then ofUnproven snapshot wanted isOver
        else ofInactive now snapshot wanted isOver

    /// What a commit of the plan did, as telemetry calls it.
    let outcome (plan: Plan) : string =
        match plan with
        | Plan.Nothing
        | Plan.Superseded
        | Plan.Unproven -> "unchanged"
        | Plan.Touch _ -> "touched"
        | Plan.Create _
        | Plan.DeleteThenCreate _ -> "created"
        | Plan.Replace _ -> "changed"
        | Plan.Rekey _ -> "moved"
        | Plan.Delete
        | Plan.DeleteEnded -> "destroyed"

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
        | Plan.Superseded
        | Plan.Unproven -> false
