namespace Runa.Session

open System.Threading.Tasks

/// Moves a stored session to a new id (promise 4).
module internal StoreRekey =
    open StoreCreation

    let private fate (outcome: Outcome voption) (created: Snapshot) =
        match outcome with
        | ValueNone -> Fate.Stands created
        | ValueSome refusal -> Fate.TakenBack refusal

    /// Called if it is unknown whether the tombstone was written. Writes the old record under another version, so that
    /// a tombstone that is still on its way fails. So either the old record or the new one stays, whatever happens.
    let private fence
        definition
        (snapshot: Snapshot)
        (old: SessionRecord)
        (created: Snapshot)
        (e: SessionStoreException)
        =
        let fencing =
            task {
                try
                    let record = newRecord definition snapshot.State
                    let! refusal = StoredRecord.replace definition snapshot.Place old.Version record
                    return Ok refusal
                with :? SessionStoreException ->
                    return Error()
            }

        task {
            match! fencing with
            | Error() -> return Fate.Unknown e
            | Ok ValueNone ->
                return raise (SessionStoreException($"{e.Message} Nothing was saved.", false, e.InnerException))
            | Ok(ValueSome(Outcome.Conflict { Kind = RecordKind.Moved successor })) when successor = created.Place.Key ->
                return Fate.Stands created
            | Ok(ValueSome refusal) -> return Fate.TakenBack refusal
        }

    /// Creates the new record before the old one becomes a tombstone, and gives out the token only after that. So a
    /// crash in between loses nothing, and a late regenerate finds nothing to replace.
    let rekey (definition: SessionDefinition) (snapshot: Snapshot) (old: SessionRecord) (state: SessionState) =
        let signsIn = SessionState.isSignIn snapshot.State state

        createThen definition snapshot.State.Owner state signsIn snapshot (fun created ->
            task {
                let version = RecordVersion.Next()
                let key = created.Place.Key
                let tombstone = NewRecord.tombstone definition.Now definition.Scope version state.Owner key

                try
                    let! refusal = StoredRecord.replace definition snapshot.Place old.Version tombstone

                    if refusal.IsNone then
                        do! StoreDevices.forgetReplaced definition old.State state

                    return fate refusal created
                with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                    return! fence definition snapshot old created e
            })
