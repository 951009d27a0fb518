namespace Runa.Session

open System.Threading.Tasks

/// Executes plans, and counts what they wrote.
module internal Executing =
    let private begun (definition: SessionDefinition) (state: SessionState) =
        definition.Telemetry.Created()

        if definition.Telemetry.MeasuresSizes then
            definition.Telemetry.Size(SessionState.bytes state)

    let private saved (definition: SessionDefinition) (outcome: string) (state: SessionState) =
        definition.Telemetry.Saved outcome

        if definition.Telemetry.MeasuresSizes then
            definition.Telemetry.Size(SessionState.bytes state)

    /// A session that has ended already, or cannot be read, does not count.
    let private ended (definition: SessionDefinition) (snapshot: Snapshot) =
        if snapshot.IsActive || snapshot.IsSuperseded then
            definition.Telemetry.Destroyed()

    let private count (definition: SessionDefinition) (snapshot: Snapshot) (plan: Plan) : unit =
        match plan with
        | Plan.Nothing
        | Plan.Touch _
        | Plan.DeleteEnded
        | Plan.Superseded -> ()
        | Plan.Create state -> begun definition state
        | Plan.Replace(state, _) -> saved definition "changed" state
        | Plan.Rekey state -> saved definition "moved" state
        | Plan.Delete -> ended definition snapshot
        | Plan.DeleteThenCreate state ->
            ended definition snapshot
            begun definition state

    /// Executes a plan that was made from the snapshot.
    let run (home: Home) (snapshot: Snapshot) (plan: Plan) : ValueTask<Outcome> =
        let executing = home.Execute snapshot plan

        if home.Definition.Telemetry.CountsWrites then
            executing
            |> ValueTasks.map (fun outcome ->
                match outcome with
                | Outcome.Committed _ -> count home.Definition snapshot plan
                | Outcome.Conflict _
                | Outcome.Missing
                | Outcome.Unreadable -> ()

                outcome)
        else
            executing
