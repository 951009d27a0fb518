namespace Runa.Session

open System
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// New records, which are taken back where what must follow does not succeed.
module internal StoreCreation =
    /// What is to be stored of a state now.
    let newRecord (definition: SessionDefinition) (state: SessionState) =
        NewRecord.live definition.Now definition.Settings.IdleTimeout definition.Scope (RecordVersion.Next()) state

    /// The same, where the application set what is in it (promise 18).
    let recordOf (definition: SessionDefinition) (state: SessionState) =
        SessionSize.check definition state
        newRecord definition state

    let setCookie (snapshot: Snapshot) = CookieChange.Set(snapshot.Place.Token, snapshot.State.ExpiresAt, 0)

    /// Nobody was given the token of this record: if this fails, it is unreachable, and expires.
    let private takeBack definition key = StoreEnding.deleteQuietly definition key ignore

    /// A record under a fresh id. One that may be written yet, after the failure, is taken back without waiting for it: the
    /// store may only have paused.
    let rec private createFresh
        (definition: SessionDefinition)
        (record: SessionRecord)
        (since: int64)
        (left: int)
        : Task<Snapshot> =
        task {
            let struct (token, key) = definition.Token.Create()

            let place = { Key = key; Token = token.AsMemory(); Pieces = 0 }

            let creating =
                task {
                    try
                        return! StoredRecord.create definition place record
                    with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                        takeBack definition key |> ignore
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
                            $"The driver \"{definition.Driver.Name}\" says of every fresh store key that it exists.",
                            false,
                            null
                        )
                    )
        }

    /// Changed by every revocation of the owner's sessions; 0 where there is none.
    let epoch (definition: SessionDefinition) (owner: string option) : ValueTask<OwnerEpoch> =
        match definition.Driver.Owners, owner with
        | ValueSome owners, Some owner -> DriverCall.run definition "epoch" false (owners.Epoch definition.Scope owner)
        | _ -> ValueTask<_>({ Number = 0L; Age = TimeSpan.MaxValue }: OwnerEpoch)

    let private revoked (definition: SessionDefinition) (when': string) : exn =
        SessionConflictException
            $"The session \"{definition.Name}\" was not signed in: all sessions of its owner were ended {when'}."

    let private meanwhile = "at the same time"

    let private lookedAt =
        "after this request had looked at it. Sign in in the next request. (A request that ends an owner's sessions and signs the owner in does it the other way round: it signs in, and then ends all others)"

    /// The owner's epoch for a sign-in by a request that looked at its session then. Raises SessionConflictException where
    /// the owner's sessions were ended since (promise 27): whatever the sign-in rests on was checked before.
    let epochOfSignIn (definition: SessionDefinition) (owner: string option) (since: int64) : Task<OwnerEpoch> =
        task {
            let! first = epoch definition owner

            if first.Age >= Stopwatch.GetElapsedTime since then
                return first
            else
                // The answer's way back counts as time: a quicker one may show that the revocation came first. Where nobody
                // can tell, the sign-in loses.
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

    /// What becomes of a record that was created, and of what stands where it came from.
    [<RequireQualifiedAccess; NoComparison; NoEquality>]
    type Fate =
        | Stands of Snapshot
        /// It is taken back: why.
        | TakenBack of Outcome
        /// Nobody knows whether the old record has become a tombstone that leads to it: neither is touched.
        | Unknown of exn

    /// Creates, then does what must follow; if a revocation of the owner came in between, or what follows does not
    /// succeed, what was created is taken back. No token of it has been given out. A revocation that comes after the
    /// second look at the epoch finds the new record in its index; so the look comes before what cannot be undone.
    /// `signsIn`: nobody, or somebody else, was signed in before.
    let createThen
        definition
        (state: SessionState)
        (signsIn: bool)
        (since: int64)
        (following: Snapshot -> Task<Fate>)
        : Task<Outcome> =
        task {
            let record = recordOf definition state

            let! before =
                if signsIn then
                    epochOfSignIn definition state.Owner since
                else
                    (epoch definition state.Owner).AsTask()

            let! created = createFresh definition record since 3

            let! finished =
                caught (fun () ->
                    task {
                        let! after = epoch definition state.Owner

                        if after.Number <> before.Number then
                            raise (revoked definition meanwhile)

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
