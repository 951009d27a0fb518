namespace Runa.Session

open System.Threading.Tasks

/// What a stored session is for a request, by the generation of the token that it shows (promise 29).
module internal StoreArrival =
    /// The token with the highest generation among those of the same id. A browser can hold an older one at another path or
    /// domain, which it sends first.
    let private newest (definition: SessionDefinition) (arrival: Arrival) (place: Place) : Place =
        let mutable walk = CookieWalk(arrival.Cookies, definition.Settings.CookieName)
        let mutable tried = 0
        let mutable sawForeign = false
        let mutable best = place
        let mutable next = TokenSearch.tryNext (definition, &walk, &tried, &sawForeign)

        while next.IsSome do
            let found = next.Value

            if found.Key = place.Key && found.Token.Generation > best.Token.Generation then
                best <- found

            next <- TokenSearch.tryNext (definition, &walk, &tried, &sawForeign)

        best

    let private unchanged (snapshot: Snapshot) : Arrived = { Found = snapshot; Cookie = CookieChange.None }

    /// The same session under the token of its stored generation, which the response sends.
    let private sent (definition: SessionDefinition) (stored: Snapshot) : Arrived =
        let token = definition.Token.Rotate(stored.Place.Token, Rotation.generation stored.State)

        let stored = stored.At { stored.Place with Token = token }
        { Found = stored; Cookie = StoreCreation.setCookie stored }

    /// The step that a request owes the store, if any.
    let private step (definition: SessionDefinition) (arrival: Arrival) (snapshot: Snapshot) (shown: Shown) =
        let now = snapshot.Now

        match shown, definition.Settings.Rotate with
        | Shown.First, _ -> ValueSome(Rotation.seen now snapshot.State)
        | Shown.Ahead, _ -> ValueSome(Rotation.takeOver now snapshot.Place.Token.Generation snapshot.State)
        | Shown.Current, Some every when Rotation.isDue now every snapshot.State && arrival.MaySetCookie ->
            ValueSome(Rotation.next now snapshot.State)
        | _ -> ValueNone

    let rec private judge
        (definition: SessionDefinition)
        (arrival: Arrival)
        (tried: int)
        (snapshot: Snapshot)
        : ValueTask<Arrived> =
        if not snapshot.IsActive then
            ValueTask<Arrived>(unchanged snapshot)
        else
            let shown = Rotation.judge arrival.At snapshot.State snapshot.Place.Token.Generation

            match shown, snapshot.Record with
            | Shown.Reused, _ when arrival.IsPeek ->
                ValueTask<Arrived>(unchanged (Snapshot.taken definition snapshot.Place))
            | Shown.Reused, _ ->
                StoreTheft.suspect
                    definition
                    TheftSign.ReusedToken
                    snapshot
                    (tried >= ArrivalWrite.most)
                    (judge definition arrival (tried + 1))
            | Shown.Unanswered, _ when arrival.MaySetCookie -> ValueTask<Arrived>(sent definition snapshot)
            | _, ValueSome record when not arrival.IsPeek && tried < ArrivalWrite.most ->
                match step definition arrival snapshot shown with
                | ValueSome state -> ValueTask<Arrived>(advance definition arrival tried snapshot record state)
                | ValueNone -> ValueTask<Arrived>(unchanged snapshot)
            | _ -> ValueTask<Arrived>(unchanged snapshot)

    and private advance definition arrival tried (snapshot: Snapshot) record state : Task<Arrived> =
        task {
            match! ArrivalWrite.run definition TheftLog.notRotated snapshot record state with
            | ArrivalWritten.Stored stored when Rotation.generation state <> snapshot.Place.Token.Generation ->
                return sent definition stored
            | ArrivalWritten.Stored stored -> return unchanged stored
            | ArrivalWritten.Overtaken now -> return! judge definition arrival (tried + 1) now
            | ArrivalWritten.Failed -> return unchanged snapshot
        }

    /// Judges what the request found, and rotates if that is due.
    let arrive (definition: SessionDefinition) (arrival: Arrival) (snapshot: Snapshot) : ValueTask<Arrived> =
        if snapshot.IsActive && snapshot.Place.Token.Generation < Rotation.generation snapshot.State then
            judge definition arrival 0 (snapshot.At(newest definition arrival snapshot.Place))
        else
            judge definition arrival 0 snapshot
