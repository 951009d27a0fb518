namespace Runa.Session

open System
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// Creates records, and deletes them again if what must follow fails.
module internal StoreCreation =
    /// The record to store for this state.
    let newRecord (definition: SessionDefinition) (state: SessionState) =
        NewRecord.live definition.Now definition.Settings.IdleTimeout definition.Scope (RecordVersion.Next()) state

    /// The record to store for a state that the application changed: its size is checked (promise 18).
    let recordOf (definition: SessionDefinition) (state: SessionState) =
        SessionSize.check definition state
        newRecord definition state

    let setCookie (snapshot: Snapshot) =
        CookieChange.Set(snapshot.Place.Token.Text.AsMemory(), snapshot.State.ExpiresAt, 0)

    /// Deletes a new record. Nobody was given its token, so if this fails, it is unreachable and expires. Until then this
    /// process does not count it against its owner's limit.
    let private takeBack (definition: SessionDefinition) key =
        StoreEnding.deleteQuietly definition key (fun _ ->
            if definition.Settings.MaxSessions.IsSome then
                definition.SignIns.Lose key)

    /// Creates a record under a fresh id. If it is unknown whether the record was written, it is deleted without
    /// waiting: the store may only have paused.
    let rec private createFresh
        (definition: SessionDefinition)
        (record: SessionRecord)
        (since: int64)
        (left: int)
        : Task<Snapshot> =
        task {
            let place = { Token = definition.Token.Create(); Pieces = 0 }

            let creating =
                task {
                    try
                        return! StoredRecord.create definition place record
                    with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                        takeBack definition place.Key |> ignore
                        ExceptionDispatchInfo.Throw e
                        return false
                }

            match! creating with
            | true -> return Snapshot.written definition place record since
            | false when left > 0 -> return! createFresh definition record since (left - 1)
            | false ->
                return
                    raise (
                        SessionStoreException(
                            $"The driver \"{definition.Driver.Name}\" says of four fresh random store keys in a row that they exist already. Nothing was saved. The driver's Create must return false only for a key that exists.",
                            false,
                            null
                        )
                    )
        }

    /// The owner's epoch, which every revocation of the owner's sessions changes. Its number is 0 if there is no owner
    /// or no index.
    let epoch (definition: SessionDefinition) (owner: string option) : ValueTask<OwnerEpoch> =
        match definition.Driver.Owners, owner with
        | ValueSome owners, Some owner -> DriverCall.run definition "epoch" false (owners.Epoch definition.Scope owner)
        | _ -> ValueTask<_>({ Number = 0L; Age = TimeSpan.MaxValue }: OwnerEpoch)

    let private revoked (definition: SessionDefinition) (when': string) : exn =
        definition.Events.ConflictGivenUp()

        SessionConflictException
            $"The session \"{definition.Name}\" was not signed in: all sessions of its owner were ended {when'}."

    let private meanwhile = "at the same time"

    let private lookedAt =
        "after this request had looked at it. Sign in in the next request. (A request that does both must sign the owner in first, and then end the owner's other sessions)"

    /// The owner's epoch, for a sign-in by a request that looked at its session at `since`. Raises
    /// SessionConflictException if the owner's sessions were ended after that (promise 27): the request checked the
    /// user before.
    let epochOfSignIn (definition: SessionDefinition) (owner: string option) (since: int64) : Task<OwnerEpoch> =
        task {
            let! first = epoch definition owner

            if first.Age >= Stopwatch.GetElapsedTime since then
                return first
            else
                // The time of the answer's way back counts too, so a quicker answer may show that the revocation came
                // first. If it does not, the sign-in loses.
                let! second = epoch definition owner

                if second.Age < Stopwatch.GetElapsedTime since then
                    raise (revoked definition lookedAt)

                return second
        }

    let private caught (work: unit -> Task<'T>) : Task<Result<'T, ExceptionDispatchInfo>> =
        task {
            try
                let! result = work ()
                return Ok result
            with e ->
                return Error(ExceptionDispatchInfo.Capture e)
        }

    /// What happens to a new record when the steps after its creation have ended.
    [<RequireQualifiedAccess; NoComparison; NoEquality>]
    type Fate =
        | Stands of Snapshot
        /// The new record is deleted again, and the outcome says why.
        | TakenBack of Outcome
        /// It is unknown whether the old record has become a tombstone that leads to the new one: both stay as they
        /// are.
        | Unknown of exn

    /// `limited`: the owner whose number of sessions is limited. Others of them end before `following`, which exchanges
    /// the old session's token, and so cannot be undone: if the store fails in between, they have ended although nobody was
    /// signed in. The other order would lose the visitor's own session if the others could not be ended.
    let private createOnce
        (definition: SessionDefinition)
        (limited: string voption)
        (state: SessionState)
        (signsIn: bool)
        (from: Snapshot)
        (following: Snapshot -> Task<Fate>)
        : Task<Outcome> =
        task {
            let since = from.Since
            let record = recordOf definition (Rotation.none state)

            let! first =
                if signsIn then
                    epochOfSignIn definition state.Owner since
                else
                    (epoch definition state.Owner).AsTask()

            let! created = createFresh definition record since 3

            let! finished =
                caught (fun () ->
                    task {
                        let! after = epoch definition state.Owner

                        if after.Number <> first.Number then
                            raise (revoked definition meanwhile)

                        match limited with
                        | ValueSome owner ->
                            do!
                                OwnerLimit.enforce
                                    definition
                                    owner
                                    from.Place
                                    created.Place.Key
                                    (SessionState.startedAt state)
                        | ValueNone -> ()

                        return! following created
                    })

            match finished with
            | Ok(Fate.Stands stored) -> return Outcome.Committed(Answer.written stored (setCookie stored))
            | Ok(Fate.TakenBack outcome) ->
                do! takeBack definition created.Place.Key
                return outcome
            | Ok(Fate.Unknown e) ->
                ExceptionDispatchInfo.Throw e
                return Outcome.Missing
            | Error e ->
                do! takeBack definition created.Place.Key
                e.Throw()
                return Outcome.Missing
        }

    /// Creates a record, then does what must follow. If that fails, or the owner's sessions were revoked in between, or the
    /// owner has too many, the record is deleted again; its token was not given out. A revocation after the second look at
    /// the epoch finds the new record in its index, so that look comes before what cannot be undone. `before`: the owner
    /// of the session that the new one replaces. `signsIn`: somebody signs in who was not signed in before.
    let createThen
        (definition: SessionDefinition)
        (before: string option)
        (state: SessionState)
        (signsIn: bool)
        (from: Snapshot)
        (following: Snapshot -> Task<Fate>)
        : Task<Outcome> =
        let limited = OwnerLimit.ownerOf definition before state signsIn

        let create (state: SessionState) = createOnce definition limited state signsIn from following

        match limited, OwnerLimit.ownerWhoMoves definition state with
        | ValueSome owner, _ -> LimitedSignIn.run definition owner from.Place state create
        | ValueNone, ValueSome owner -> OwnerLimit.inTurn definition owner (fun () -> create state)
        | ValueNone, ValueNone -> create state
