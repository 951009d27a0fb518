namespace Runa.Session

/// Merges the changes of a run-once handler onto the current session.
module internal Carrying =
    /// Merges `wanted`, which was made from `was`. Raises SessionConflictException if that is impossible.
    let merge (definition: SessionDefinition) (now: Snapshot) (was: Session) (wanted: Session) : Session =
        if now.IsSuperseded && not wanted.Change.Destroyed then
            CommitTurn.Refuse(definition, Attempt.moved)

        match Merge.onto now.Session was wanted with
        | Ok merged -> merged
        | Error why -> CommitTurn.Refuse(definition, why)
