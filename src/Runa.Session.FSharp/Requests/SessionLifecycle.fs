namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// The shell around Commit.plan: loads, and carries a plan out.
module internal SessionLifecycle =
    open SessionCreation

    /// From the raw Cookie header; without a genuine token the store is not asked.
    let load (session: NamedSession) (header: StringValues) : ValueTask<Loaded> = SessionLoad.load session header

    let epoch (session: NamedSession) (owner: string option) : ValueTask<OwnerEpoch> =
        SessionCreation.epoch session owner

    let epochOfSignIn (session: NamedSession) (owner: string option) (since: int64) : Task<OwnerEpoch> =
        SessionCreation.epochOfSignIn session owner since

    let private lookingBack (earlier: Loaded) (next: Loaded) : Loaded =
        next.LookBackTo earlier.Since
        next

    /// Deletes what stands there; and where that has become a tombstone, what it leads to.
    let rec private delete (session: NamedSession) (key: StoreKey) : Task<unit> =
        task {
            match! StoreCall.delete session key with
            | ValueSome { Kind = RecordKind.Moved successor } -> return! deleteFrom session successor
            | _ -> return ()
        }

    /// From the far end of the tombstones back: if one deletion fails, the next try still finds the way (promise 9).
    and private deleteFrom (session: NamedSession) (start: StoreKey) : Task<unit> =
        let rec follow (key: StoreKey) (way: StoreKey list) : Task<StoreKey list> =
            task {
                let looking =
                    task {
                        try
                            return! StoreCall.peek session key
                        with e when StoreCall.isUnreadable e ->
                            return ValueNone
                    }

                match! looking with
                | ValueSome { Kind = RecordKind.Moved successor } when not (List.contains successor way) ->
                    return! follow successor (successor :: way)
                | _ -> return way
            }

        task {
            let! way = follow start [ start ]

            for key in way do
                do! delete session key
        }

    /// Ends what was loaded: what a tombstone leads to goes first.
    let private deleteLoaded (session: NamedSession) (loaded: Loaded) : Task<unit> =
        task {
            match loaded.Record with
            | ValueSome { Kind = RecordKind.Moved successor } -> do! deleteFrom session successor
            | _ -> ()

            do! delete session loaded.Place.Key
        }

    /// What could not be read, and has been replaced.
    let private deleteUnreadable (session: NamedSession) (loaded: Loaded) : Task<unit> =
        match loaded.Remains with
        | Remains.Unreadable ->
            deleteQuietly session loaded.Place.Key (fun e -> Log.notRemoved session.Log session.Name e)
        | Remains.None
        | Remains.Ended
        | Remains.Moved -> Task.FromResult()

    let private create session (loaded: Loaded) state since =
        createThen session state true since (fun created ->
            task {
                do! deleteUnreadable session loaded
                return Fate.Stands created
            })

    /// After a tombstone whose outcome is unknown: writes the old record anew, so that a tombstone which is still on its way
    /// finds another version. One of the two, the old record or the new one, stands whatever happens (promise 4).
    let private fence session (loaded: Loaded) (old: SessionRecord) (created: Loaded) (e: SessionStoreException) =
        let fencing =
            task {
                try
                    let! result = StoreCall.replace session loaded.Place old.Version (newRecord session loaded.State)
                    return ValueSome result
                with :? SessionStoreException ->
                    return ValueNone
            }

        task {
            match! fencing with
            | ValueNone -> return Fate.Unknown e
            | ValueSome Replacing.Replaced ->
                return raise (SessionStoreException($"{e.Message} Nothing was saved.", false, e.InnerException))
            | ValueSome(Replacing.Conflict { Kind = RecordKind.Moved successor }) when successor = created.Place.Key ->
                return Fate.Stands created
            | ValueSome(Replacing.Conflict current) -> return Fate.TakenBack(Outcome.Conflict current)
            | ValueSome Replacing.Missing -> return Fate.TakenBack Outcome.Missing
            | ValueSome Replacing.Unreadable -> return Fate.TakenBack Outcome.Unreadable
        }

    /// The new record stands before the old one becomes a tombstone, and the token is given out only after that: a crash
    /// in between loses nothing, and a regenerate that is late finds nothing to replace (promise 4).
    let private rekey (session: NamedSession) (loaded: Loaded) (old: SessionRecord) (state: SessionState) since =
        let signsIn = state.Owner <> loaded.State.Owner || state.SignedInAt <> loaded.State.SignedInAt

        createThen session state signsIn since (fun created ->
            task {
                let tombstone =
                    Commit.tombstone session.Now session.Scope (RecordVersion.Next()) state.Owner created.Place.Key

                try
                    match! StoreCall.replace session loaded.Place old.Version tombstone with
                    | Replacing.Replaced -> return Fate.Stands created
                    | Replacing.Conflict current -> return Fate.TakenBack(Outcome.Conflict current)
                    | Replacing.Missing -> return Fate.TakenBack Outcome.Missing
                    | Replacing.Unreadable -> return Fate.TakenBack Outcome.Unreadable
                with :? SessionStoreException as e when e.MayHaveBeenSaved ->
                    return! fence session loaded old created e
            })

    let private replace session (loaded: Loaded) (old: SessionRecord) state sendsCookie =
        task {
            // What a request only reads may be over a limit that was lowered since.
            let isRead = Object.ReferenceEquals(loaded.State, state)
            let record = if isRead then newRecord session state else recordOf session state

            match! StoreCall.replace session loaded.Place old.Version record with
            | Replacing.Replaced ->
                let stored = Loaded.written session loaded.Place record loaded.Since
                return Outcome.Done(stored, (if sendsCookie then setCookie stored else CookieChange.None))
            | Replacing.Conflict current -> return Outcome.Conflict current
            | Replacing.Missing -> return Outcome.Missing
            | Replacing.Unreadable -> return Outcome.Unreadable
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
            let touched = Loaded.written session loaded.Place (SessionRecord.touch idleEnd record) loaded.Since
            Outcome.Done(touched, CookieChange.None)

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
                | _ -> return lookingBack loaded (Loaded.gone session loaded.Place)
            | Plan.Replace(state, _), ValueSome record ->
                match! replace session loaded record state false with
                | Outcome.Done(renewed, _) -> return renewed
                | Outcome.Conflict current -> return lookingBack loaded (Loaded.ofRecord session loaded.Place current)
                | Outcome.Missing -> return lookingBack loaded (Loaded.gone session loaded.Place)
                | Outcome.Unreadable -> return lookingBack loaded (Loaded.unreadable session loaded.Place)
            | _ -> return loaded
        }

    let private superseded (session: NamedSession) =
        SessionConflictException
            $"The session \"{session.Name}\" could not be saved: another request has moved it to a new id (a sign-in or regenerate)."

    /// What is new stands before the old one goes: what fails in between has ended nothing. But a store that is full takes
    /// nothing new: there the old one goes first, which also makes room (promise 9).
    let private endThenBegin (session: NamedSession) (loaded: Loaded) state since : Task<Outcome> =
        let beginning (ending: unit -> Task<unit>) =
            createThen session state true since (fun created ->
                task {
                    do! ending ()
                    return Fate.Stands created
                })

        task {
            try
                return! beginning (fun () -> deleteLoaded session loaded)
            with :? SessionStoreException as e when StoreCall.isRefused session e ->
                do! deleteLoaded session loaded
                return! beginning Task.FromResult
        }

    let private executeStored (session: NamedSession) (loaded: Loaded) (since: int64) (plan: Plan) : Task<Outcome> =
        match plan, loaded.Record with
        | Plan.Nothing, _
        | Plan.Touch _, ValueNone -> Task.FromResult(Outcome.Done(loaded, CookieChange.None))
        | Plan.Touch idleEnd, ValueSome record -> touch session loaded record idleEnd
        | Plan.Replace(state, sendsCookie), ValueSome old -> replace session loaded old state sendsCookie
        | Plan.Rekey state, ValueSome old -> rekey session loaded old state since
        | Plan.Create state, _
        | Plan.Replace(state, _), ValueNone
        | Plan.Rekey state, ValueNone -> create session loaded state since
        | Plan.Delete, _ ->
            task {
                do! deleteLoaded session loaded
                return Outcome.Done(lookingBack loaded (Loaded.none session), CookieChange.Expire)
            }
        | Plan.DeleteEnded, _ ->
            task {
                do! deleteLoaded session loaded
                return Outcome.Done(loaded, CookieChange.None)
            }
        | Plan.DeleteThenCreate state, _ -> endThenBegin session loaded state since
        | Plan.Superseded, _ -> raise (superseded session)

    /// Carries the plan out. `since`: when what it rests on was looked at, as Stopwatch counts.
    let execute (session: NamedSession) (loaded: Loaded) (since: int64) (plan: Plan) : Task<Outcome> =
        match session.Seal with
        | ValueNone -> executeStored session loaded since plan
        | ValueSome seal -> Task.FromResult(CookieLifecycle.execute session seal loaded plan)
