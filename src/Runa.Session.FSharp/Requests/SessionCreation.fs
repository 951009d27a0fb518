namespace Runa.Session

open System
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Threading.Tasks

/// New records, which are taken back where what must follow does not succeed.
module internal SessionCreation =
    /// What is to be stored of a state now.
    let newRecord (session: NamedSession) (state: SessionState) =
        Commit.record session.Now session.Settings.IdleTimeout session.Scope (RecordVersion.Next()) state

    /// The same, where the application set what is in it (promise 18).
    let recordOf (session: NamedSession) (state: SessionState) =
        SessionSize.check session state
        newRecord session state

    let setCookie (loaded: Loaded) = CookieChange.Set(loaded.Place.Token, loaded.State.ExpiresAt)

    let deleteQuietly (session: NamedSession) (key: StoreKey) (failed: exn -> unit) : Task<unit> =
        task {
            try
                let! _ = StoreCall.delete session key
                ()
            with :? SessionStoreException as e ->
                failed e
        }

    /// Nobody was given the token of this record: if this fails, it is unreachable, and expires.
    let private takeBack session key = deleteQuietly session key ignore

    /// A record under a fresh id. One that may be written yet, after the failure, is taken back without waiting for it: the
    /// store may only have paused.
    let rec private createFresh
        (session: NamedSession)
        (record: SessionRecord)
        (since: int64)
        (left: int)
        : Task<Loaded> =
        task {
            let struct (token, key) = session.Token.Create()

            let place = { Key = key; Token = token.AsMemory(); Pieces = 0 }

            let creating =
                task {
                    try
                        return! StoreCall.create session place record
                    with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                        takeBack session key |> ignore
                        ExceptionDispatchInfo.Throw e
                        return false
                }

            match! creating with
            | true -> return Loaded.written session place record since
            | false when left > 0 -> return! createFresh session record since (left - 1)
            | false ->
                return
                    raise (
                        SessionStoreException(
                            $"The driver \"{session.Driver.Name}\" says of every fresh store key that it exists.",
                            false,
                            null
                        )
                    )
        }

    /// Changed by every revocation of the owner's sessions; 0 where there is none.
    let epoch (session: NamedSession) (owner: string option) : ValueTask<OwnerEpoch> =
        match session.Driver.Owners, owner with
        | ValueSome owners, Some owner -> StoreCall.run session "epoch" false (owners.Epoch session.Scope owner)
        | _ -> ValueTask<_>({ Number = 0L; Age = TimeSpan.MaxValue }: OwnerEpoch)

    let private revoked (session: NamedSession) (when': string) : exn =
        SessionConflictException
            $"The session \"{session.Name}\" was not signed in: all sessions of its owner were ended {when'}."

    let private meanwhile = "at the same time"

    let private lookedAt =
        "after this request had looked at it. Sign in in the next request. (A request that ends an owner's sessions and signs the owner in does it the other way round: it signs in, and then ends all others)"

    /// The owner's epoch for a sign-in by a request that looked at its session then. Raises SessionConflictException where
    /// the owner's sessions were ended since (promise 27): whatever the sign-in rests on was checked before.
    let epochOfSignIn (session: NamedSession) (owner: string option) (since: int64) : Task<OwnerEpoch> =
        task {
            let! first = epoch session owner

            if first.Age >= Stopwatch.GetElapsedTime since then
                return first
            else
                // The answer's way back counts as time: a quicker one may show that the revocation came first. Where nobody
                // can tell, the sign-in loses.
                let! second = epoch session owner

                if second.Age < Stopwatch.GetElapsedTime since then
                    raise (revoked session lookedAt)

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
        | Stands of Loaded
        /// It is taken back: why.
        | TakenBack of Outcome
        /// Nobody knows whether the old record has become a tombstone that leads to it: neither is touched.
        | Unknown of exn

    /// Creates, then does what must follow; if a revocation of the owner came in between, or what follows does not
    /// succeed, what was created is taken back. No token of it has been given out. A revocation that comes after the
    /// second look at the epoch finds the new record in its index; so the look comes before what cannot be undone.
    /// `signsIn`: nobody, or somebody else, was signed in before.
    let createThen
        session
        (state: SessionState)
        (signsIn: bool)
        (since: int64)
        (following: Loaded -> Task<Fate>)
        : Task<Outcome> =
        task {
            let record = recordOf session state

            let! before =
                if signsIn then
                    epochOfSignIn session state.Owner since
                else
                    (epoch session state.Owner).AsTask()

            let! created = createFresh session record since 3

            let! finished =
                caught (fun () ->
                    task {
                        let! after = epoch session state.Owner

                        if after.Number <> before.Number then
                            raise (revoked session meanwhile)

                        return! following created
                    })

            match finished with
            | Ok(Fate.Stands stored) -> return Outcome.Done(stored, setCookie stored)
            | Ok(Fate.TakenBack outcome) ->
                do! takeBack session created.Place.Key
                return outcome
            | Ok(Fate.Unknown e) ->
                ExceptionDispatchInfo.Throw e
                return Outcome.Missing
            | Error e ->
                do! takeBack session created.Place.Key
                e.Throw()
                return Outcome.Missing
        }
