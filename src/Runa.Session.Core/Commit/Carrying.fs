namespace Runa.Session

/// Carries what a run-once handler made of a session over to the one that stands now.
module internal Carrying =
    /// `wanted` was made from `was`. Raises SessionConflictException where it cannot be carried over.
    let merge (definition: SessionDefinition) (now: Snapshot) (was: Session) (wanted: Session) : Session =
        if now.IsSuperseded && not wanted.Change.Destroyed then
            CommitTurn.Refuse(definition, "another request has moved it to a new id (a sign-in or regenerate)")

        match Merge.onto now.Session was wanted with
        | Ok merged -> merged
        | Error why -> CommitTurn.Refuse(definition, why)
