namespace Runa.Session

open System
open System.Threading.Tasks

/// The home of sessions that live in a store.
module internal StoreHome =
    open StoreCreation

    let private unchanged (snapshot: Snapshot) : ValueTask<Outcome> =
        ValueTask<Outcome>(Outcome.Committed(Answer.unwritten snapshot))

    let private create definition (snapshot: Snapshot) state =
        createThen definition None state true snapshot (fun created ->
            task {
                do! StoreEnding.deleteUnreadable definition snapshot
                return Fate.Stands created
            })

    let private replaced
        definition
        (snapshot: Snapshot)
        (record: SessionRecord)
        sendsCookie
        (refusal: Outcome voption)
        : Outcome =
        match refusal with
        | ValueNone ->
            let now = record.State.LastSeenAt
            let stored = Snapshot.writtenAt now definition snapshot.Place record snapshot.Since
            // A request with an older token must neither get the current one nor bring its own back.
            let isCurrent = snapshot.Place.Token.Generation = Rotation.generation record.State
            let cookie = if sendsCookie && isCurrent then setCookie stored else CookieChange.None
            Outcome.Committed(Answer.written stored cookie)
        | ValueSome refusal -> refusal

    let private replace definition (snapshot: Snapshot) (old: SessionRecord) state sendsCookie : ValueTask<Outcome> =
        // The size is not checked if the session is only read: MaxBytes may have been lowered since it was stored.
        let isRead = Object.ReferenceEquals(snapshot.State, state)
        let record = if isRead then newRecord definition state else recordOf definition state

        StoredRecord.replaceThen definition snapshot.Place old.Version record (fun refusal ->
            replaced definition snapshot record sendsCookie refusal)

    let private logged (definition: SessionDefinition) (touching: Task<bool>) : Task =
        task {
            try
                let! isThere = touching

                if isThere then
                    definition.Telemetry.Touched()
            with :? SessionStoreException as e ->
                Log.notTouched definition.Log definition.Name e
        }

    /// Touches the session. Does not wait for a store outside this process: the session was there when it was loaded,
    /// and a touch does not bring back one that has ended since.
    let private touch
        (definition: SessionDefinition)
        (snapshot: Snapshot)
        (record: SessionRecord)
        idleExpiresAt
        : ValueTask<Outcome> =
        let touching = StoredRecord.touch definition snapshot.Place.Key idleExpiresAt

        let touched () =
            let record = SessionRecord.touch idleExpiresAt record
            Outcome.Committed(Answer.unwritten (Snapshot.written definition snapshot.Place record snapshot.Since))

        if definition.Driver.Place.IsProcess then
            touching
            |> ValueTasks.map (fun isThere ->
                if isThere then
                    definition.Telemetry.Touched()
                    touched ()
                else
                    Outcome.Missing)
        else
            logged definition (touching.AsTask()) |> ignore
            ValueTask<Outcome>(touched ())

    let private endOf (definition: SessionDefinition) (snapshot: Snapshot) (answer: Answer) =
        task {
            do! StoreEnding.deleteAll definition snapshot
            return Outcome.Committed answer
        }

    let private asEnd (outcome: Outcome) : Outcome =
        match outcome with
        | Outcome.Committed answer -> Outcome.Committed { answer with IsEnd = true }
        | other -> other

    /// Creates the new session before it deletes the old one, so that a failure in between ends nothing. A full store
    /// refuses the new one: then the old one is deleted first, which makes room (promise 9).
    let private endThenBegin (definition: SessionDefinition) (snapshot: Snapshot) state : Task<Outcome> =
        let beginning (ending: unit -> Task<unit>) =
            createThen definition None state true snapshot (fun created ->
                task {
                    do! ending ()
                    return Fate.Stands created
                })

        task {
            try
                let! begun = beginning (fun () -> StoreEnding.deleteAll definition snapshot)
                return asEnd begun
            with :? SessionStoreException as e when DriverCall.isRefused definition e ->
                do! StoreEnding.deleteAll definition snapshot
                let! begun = beginning Task.FromResult
                return asEnd begun
        }

    let private execute (definition: SessionDefinition) (snapshot: Snapshot) (plan: Plan) : ValueTask<Outcome> =
        match plan, snapshot.Record with
        | Plan.Nothing, _
        | Plan.Touch _, ValueNone -> unchanged snapshot
        | Plan.Touch idleExpiresAt, ValueSome record -> touch definition snapshot record idleExpiresAt
        | Plan.Replace(state, sendsCookie), ValueSome old -> replace definition snapshot old state sendsCookie
        | Plan.Rekey state, ValueSome old -> ValueTask<Outcome>(StoreRekey.rekey definition snapshot old state)
        | Plan.Create state, _
        | Plan.Replace(state, _), ValueNone
        | Plan.Rekey state, ValueNone -> ValueTask<Outcome>(create definition snapshot state)
        | Plan.Delete, _ ->
            let none = (Snapshot.none definition).LookedAt snapshot.Since
            ValueTask<Outcome>(endOf definition snapshot (Answer.ended none (CookieChange.Expire 0)))
        | Plan.DeleteEnded, _ ->
            ValueTask<Outcome>(endOf definition snapshot (Answer.written snapshot CookieChange.None))
        | Plan.DeleteThenCreate state, _ -> ValueTask<Outcome>(endThenBegin definition snapshot state)
        | Plan.Superseded, _ -> CommitTurn.Refuse(definition, Attempt.moved)
        | Plan.Unproven, _ -> raise (SessionUnprovenException definition.Name)

    let private handle (snapshot: Snapshot) =
        if snapshot.IsActive then Some(StoreKey.toText snapshot.Place.Key) else None

    let private arrive (definition: SessionDefinition) : (Arrival -> Snapshot -> ValueTask<Arrived>) voption =
        let rotating = definition.Settings.Rotate.IsSome

        let rotate (arrival: Arrival) (snapshot: Snapshot) =
            if rotating then
                StoreArrival.arrive definition arrival snapshot
            else
                ValueTask<Arrived>({ Found = snapshot; Cookie = CookieChange.None }: Arrived)

        match definition.Devices with
        // Written out, since a function with some of its arguments would make another one in every request.
        | ValueSome devices ->
            ValueSome(fun arrival snapshot -> StoreBinding.arrive definition devices rotate 0 arrival snapshot)
        | ValueNone when rotating -> ValueSome rotate
        | ValueNone -> ValueNone

    let ofDefinition (definition: SessionDefinition) : Home =
        { Definition = definition
          Load = StoreLoad.load definition
          Arrive = arrive definition
          Execute = execute definition
          NeedsCookie = Plan.needsCookie
          Handle = handle
          Held = fun _ -> 0
          IsOurs = fun _ _ value -> TokenSearch.isOurs definition value.Span }
