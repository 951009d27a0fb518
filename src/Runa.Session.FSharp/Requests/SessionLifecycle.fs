namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// The shell around Commit.plan: loads, and carries a plan out.
module internal SessionLifecycle =
    let private hintForeign (session: NamedSession) =
        if session.IsDevelopment && session.Hints.TryGive "foreign" then
            Log.foreignToken session.Log session.Settings.CookieName session.Name

    let private ofLoad session place (record: SessionRecord voption) =
        match record with
        | ValueSome record -> Loaded.ofRecord session place record
        | ValueNone -> Loaded.gone session place

    let private loadStored (session: NamedSession) (header: StringValues) : ValueTask<Loaded> =
        let mutable sawForeign = false

        match TokenSearch.tryFind (session, header, &sawForeign) with
        | ValueNone ->
            if sawForeign then
                hintForeign session

            ValueTask<Loaded>(Loaded.none session)
        | ValueSome place ->
            let record = StoreCall.load session place

            if record.IsCompletedSuccessfully then
                ValueTask<Loaded>(ofLoad session place record.Result)
            else
                ValueTask<Loaded>(
                    task {
                        let! record = record
                        return ofLoad session place record
                    }
                )

    /// From the raw Cookie header; without a genuine token the store is not asked.
    let load (session: NamedSession) (header: StringValues) : ValueTask<Loaded> =
        match session.Seal with
        | ValueNone -> loadStored session header
        | ValueSome seal ->
            let mutable sawForeign = false
            let loaded = CookieLifecycle.load (session, seal, header, &sawForeign)

            if sawForeign && loaded.Status = SessionStatus.New then
                hintForeign session

            ValueTask<Loaded> loaded

    let private newRecord (session: NamedSession) (state: SessionState) =
        Commit.record session.Now session.Settings.IdleTimeout session.Scope (RecordVersion.Next()) state

    let private recordOf (session: NamedSession) (state: SessionState) =
        SessionSize.check session state
        newRecord session state

    let private active session place (record: SessionRecord) =
        Loaded(session, SessionStatus.Active, place, ValueSome record, record.State, session.Now)

    let private setCookie (loaded: Loaded) = CookieChange.Set(loaded.Place.Token, loaded.State.ExpiresAt)

    /// Deletes; and where a tombstone stood, also what it leads to.
    let rec delete (session: NamedSession) (key: StoreKey) : Task<SessionRecord voption> =
        task {
            match! StoreCall.delete session key with
            | ValueSome { Kind = RecordKind.Moved successor } -> return! delete session successor
            | removed -> return removed
        }

    /// The same of what was loaded. What a tombstone leads to goes first: if that fails, the next try still finds the way.
    let private deleteLoaded (session: NamedSession) (loaded: Loaded) : Task<unit> =
        task {
            match loaded.Record with
            | ValueSome { Kind = RecordKind.Moved successor } ->
                let! _ = delete session successor
                ()
            | _ -> ()

            let! _ = delete session loaded.Place.Key
            ()
        }

    let private deleteQuietly session key =
        task {
            try
                let! _ = StoreCall.delete session key
                ()
            with :? SessionStoreException ->
                // Nobody was given the token of this record: it is unreachable, and expires.
                ()
        }

    /// A record under a fresh id.
    let rec private createFresh (session: NamedSession) (record: SessionRecord) (left: int) : Task<Loaded> =
        task {
            let struct (token, key) = session.Token.Create()

            let place = { Key = key; Token = token.AsMemory(); Pieces = 0 }

            match! StoreCall.create session place record with
            | true -> return active session place record
            | false when left > 0 -> return! createFresh session record (left - 1)
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

    let private caught (work: unit -> Task<'T>) : Task<Result<'T, ExceptionDispatchInfo>> =
        task {
            try
                let! result = work ()
                return Ok result
            with e ->
                return Error(ExceptionDispatchInfo.Capture e)
        }

    let private revoked (session: NamedSession) : exn =
        SessionConflictException
            $"The session \"{session.Name}\" was not signed in: all sessions of its owner were ended at the same time."

    /// Creates, then does what must follow; if a revocation of the owner came in between, or what follows does not
    /// succeed, what was created is taken back. No token of it has been given out. A revocation that comes after the
    /// second look at the epoch finds the new record in its index; so the look comes before what cannot be undone.
    let private createThen session (state: SessionState) (following: Loaded -> Task<Outcome>) : Task<Outcome> =
        task {
            let record = recordOf session state
            let! before = epoch session state.Owner
            let! created = createFresh session record 3

            let! finished =
                caught (fun () ->
                    task {
                        let! after = epoch session state.Owner

                        if after.Number <> before.Number then
                            raise (revoked session)

                        return! following created
                    })

            match finished with
            | Ok(Outcome.Done _ as outcome) -> return outcome
            | failed ->
                do! deleteQuietly session created.Place.Key

                match failed with
                | Ok outcome -> return outcome
                | Error e ->
                    e.Throw()
                    return Outcome.Missing
        }

    let private create session state =
        createThen session state (fun created -> Task.FromResult(Outcome.Done(created, setCookie created)))

    /// The new record stands before the old one becomes a tombstone, and the token is given out only after that: a crash
    /// in between loses nothing, and a regenerate that is late finds nothing to replace (promise 4).
    let private rekey (session: NamedSession) (loaded: Loaded) (old: SessionRecord) state =
        createThen session state (fun created ->
            task {
                let tombstone =
                    Commit.tombstone session.Now session.Scope (RecordVersion.Next()) state.Owner created.Place.Key

                match! StoreCall.replace session loaded.Place old.Version tombstone with
                | ReplaceResult.Replaced -> return Outcome.Done(created, setCookie created)
                | ReplaceResult.Conflict current -> return Outcome.Conflict current
                | ReplaceResult.Missing -> return Outcome.Missing
            })

    let private replace session (loaded: Loaded) (old: SessionRecord) state sendsCookie =
        task {
            // What a request only reads may be over a limit that was lowered since.
            let isRead = Object.ReferenceEquals(loaded.State, state)
            let record = if isRead then newRecord session state else recordOf session state

            match! StoreCall.replace session loaded.Place old.Version record with
            | ReplaceResult.Replaced ->
                let stored = active session loaded.Place record
                return Outcome.Done(stored, (if sendsCookie then setCookie stored else CookieChange.None))
            | ReplaceResult.Conflict current -> return Outcome.Conflict current
            | ReplaceResult.Missing -> return Outcome.Missing
        }

    let private logged (session: NamedSession) (touching: Task<bool>) : Task =
        task {
            try
                let! _ = touching
                ()
            with :? SessionStoreException as e ->
                Log.notTouched session.Log session.Name e
        }

    /// A store outside this process is not waited for, as far as its client leaves the thread: the session was there when it was loaded, and one that has ended
    /// since is not brought back.
    let private touch (session: NamedSession) (loaded: Loaded) (record: SessionRecord) idleEnd =
        let touching = StoreCall.touch session loaded.Place.Key idleEnd

        let touched () =
            Outcome.Done(active session loaded.Place (SessionRecord.touch idleEnd record), CookieChange.None)

        if session.Driver.InProcess then
            task {
                match! touching with
                | true -> return touched ()
                | false -> return Outcome.Missing
            }
        else
            logged session (touching.AsTask()) |> ignore
            Task.FromResult(touched ())

    /// Whether touchIfDue would do anything.
    let isTouchDue (session: NamedSession) (loaded: Loaded) : bool =
        match Commit.plan session.Now session.Settings.IdleTimeout loaded loaded.Session with
        | Plan.Touch _
        | Plan.Replace _ -> true
        | _ -> false

    /// Moves the idle end where that is due, or sets it anew where the idle timeout was changed since, for what is loaded without a step.
    let touchIfDue (session: NamedSession) (loaded: Loaded) : Task<Loaded> =
        task {
            match Commit.plan session.Now session.Settings.IdleTimeout loaded loaded.Session, loaded.Record with
            | Plan.Touch idleEnd, ValueSome record ->
                match! touch session loaded record idleEnd with
                | Outcome.Done(touched, _) -> return touched
                | _ -> return Loaded.gone session loaded.Place
            | Plan.Replace(state, _), ValueSome record ->
                match! replace session loaded record state false with
                | Outcome.Done(renewed, _) -> return renewed
                | Outcome.Conflict current -> return Loaded.ofRecord session loaded.Place current
                | Outcome.Missing -> return Loaded.gone session loaded.Place
            | _ -> return loaded
        }

    let private superseded (session: NamedSession) =
        SessionConflictException
            $"The session \"{session.Name}\" could not be saved: another request has moved it to a new id (a sign-in or regenerate)."

    let private executeStored (session: NamedSession) (loaded: Loaded) (plan: Plan) : Task<Outcome> =
        match plan, loaded.Record with
        | Plan.Nothing, _
        | Plan.Touch _, ValueNone -> Task.FromResult(Outcome.Done(loaded, CookieChange.None))
        | Plan.Touch idleEnd, ValueSome record -> touch session loaded record idleEnd
        | Plan.Replace(state, sendsCookie), ValueSome old -> replace session loaded old state sendsCookie
        | Plan.Rekey state, ValueSome old -> rekey session loaded old state
        | Plan.Create state, _
        | Plan.Replace(state, _), ValueNone
        | Plan.Rekey state, ValueNone -> create session state
        | Plan.Delete, _ ->
            task {
                do! deleteLoaded session loaded
                return Outcome.Done(Loaded.none session, CookieChange.Expire)
            }
        | Plan.DeleteThenCreate state, _ ->
            // What is new stands before the old one goes: what fails in between has ended nothing.
            createThen session state (fun created ->
                task {
                    do! deleteLoaded session loaded
                    return Outcome.Done(created, setCookie created)
                })
        | Plan.Superseded, _ -> raise (superseded session)

    /// Carries the plan out.
    let execute (session: NamedSession) (loaded: Loaded) (plan: Plan) : Task<Outcome> =
        match session.Seal with
        | ValueNone -> executeStored session loaded plan
        | ValueSome seal -> Task.FromResult(CookieLifecycle.execute session seal loaded plan)
