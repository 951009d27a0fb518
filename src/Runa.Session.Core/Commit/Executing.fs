namespace Runa.Session

open System.Threading.Tasks

/// Executes plans, counts what they wrote, and tells what happened.
module internal Executing =
    let private begun (definition: SessionDefinition) (state: SessionState) =
        definition.Telemetry.Created()

        if definition.Telemetry.MeasuresSizes then
            definition.Telemetry.Size(SessionState.bytes state)

    let private saved (definition: SessionDefinition) (outcome: string) (state: SessionState) =
        definition.Telemetry.Saved outcome

        if definition.Telemetry.MeasuresSizes then
            definition.Telemetry.Size(SessionState.bytes state)

    /// Whether a deletion ends a session. One that has ended already, or cannot be read, does not count.
    let private isEnded (snapshot: Snapshot) : bool = snapshot.IsActive || snapshot.IsSuperseded || snapshot.IsUnproven

    let private ended (definition: SessionDefinition) (snapshot: Snapshot) =
        if isEnded snapshot then
            definition.Telemetry.Destroyed()

    let private count (definition: SessionDefinition) (snapshot: Snapshot) (plan: Plan) : unit =
        match plan with
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded
        | Plan.Unproven -> ()
        | Plan.Create state -> begun definition state
        | Plan.Replace(state, _) -> saved definition "changed" state
        | Plan.Rekey state -> saved definition "moved" state
        | Plan.Delete -> ended definition snapshot
        | Plan.DeleteThenCreate state ->
            ended definition snapshot
            begun definition state

    /// A tombstone knows whose session has moved.
    let private ownerOf (snapshot: Snapshot) : string option =
        match snapshot.Record with
        | ValueSome record -> record.State.Owner
        | ValueNone -> snapshot.State.Owner

    let private tell (home: Home) (snapshot: Snapshot) (plan: Plan) (written: Snapshot) : unit =
        let events = home.Definition.Events
        let handle = home.Handle written

        let ended () =
            if isEnded snapshot then
                events.Ended(ownerOf snapshot, home.Handle snapshot)

        let signedIn (state: SessionState) =
            match state.Owner with
            | Some owner -> events.SignedIn(owner, handle)
            | None -> ()

        let created (state: SessionState) =
            events.Created(state.Owner, handle)
            signedIn state

        match plan with
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded
        | Plan.Unproven -> ()
        | Plan.Create state -> created state
        | Plan.Replace _ -> ()
        | Plan.Rekey state when SessionState.isSignIn snapshot.State state ->
            if snapshot.State.Owner.IsSome && snapshot.State.Owner <> state.Owner then
                ended ()

            signedIn state
        | Plan.Rekey state -> events.Regenerated(state.Owner, handle)
        | Plan.Delete -> ended ()
        | Plan.DeleteThenCreate state ->
            ended ()
            created state

    /// Executes a plan that was made from the snapshot.
    let run (home: Home) (snapshot: Snapshot) (plan: Plan) : ValueTask<Outcome> =
        let executing = home.Execute snapshot plan
        let definition = home.Definition

        if definition.Telemetry.CountsWrites || definition.Events.IsOn then
            executing
            |> ValueTasks.map (fun outcome ->
                match outcome with
                | Outcome.Committed answer ->
                    count definition snapshot plan

                    if definition.Events.IsOn then
                        tell home snapshot plan answer.Snapshot
                | Outcome.Conflict _
                | Outcome.Missing
                | Outcome.Unreadable -> ()

                outcome)
        else
            executing
