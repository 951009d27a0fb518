namespace Runa.Session

/// Three-way merge: puts the changes of a run-once handler onto what another request has stored meanwhile.
module internal Merge =
    /// Merges key by key: what `mine` changed against `was` wins, everything else is taken from `theirs`.
    let private values (was: Map<string, string>) (mine: Map<string, string>) (theirs: Map<string, string>) =
        let removed = was |> Map.filter (fun key _ -> not (mine.ContainsKey key))

        let changed =
            mine
            |> Map.filter (fun key text ->
                match was.TryFind key with
                | Some before -> before <> text
                | None -> true)

        let kept = removed |> Map.fold (fun (left: Map<string, string>) key _ -> left.Remove key) theirs
        changed |> Map.fold (fun (all: Map<string, string>) key text -> all.Add(key, text)) kept

    let private flashes (was: Flash list) (mine: Flash list) (theirs: Flash list) (taken: int64 list) =
        let known = was |> List.map _.Id |> Set.ofList
        let isQueued (flash: Flash) = was |> List.exists (fun queued -> System.Object.ReferenceEquals(queued, flash))

        let added =
            mine
            |> List.filter (fun flash -> if flash.Id = 0L then not (isQueued flash) else not (known.Contains flash.Id))

        let left = theirs |> List.filter (fun flash -> not (List.contains flash.Id taken))
        left @ added

    /// Runs the replays again on the values that are stored now, in their original order.
    let private replayed (theirs: SessionState) (replays: Replay list) (merged: SessionState) : SessionState =
        match replays with
        | [] -> merged
        | replays ->
            let keys = replays |> List.map _.Key |> List.distinct

            let restored =
                keys
                |> List.fold
                    (fun (values: Map<string, string>) key ->
                        match theirs.Values.TryFind key with
                        | Some text -> values.Add(key, text)
                        | None -> values.Remove key)
                    merged.Values

            List.foldBack (fun replay state -> replay.Run state) replays { merged with Values = restored }

    /// Reduces `wanted` to what it asks for beyond `given`. It was made from `given`, which has been committed since.
    let beyond (given: Session) (wanted: Session) : Session =
        let was = given.Change
        let change = wanted.Change

        Session(
            wanted.Origin,
            wanted.State,
            { Regenerated = change.Regenerated && not was.Regenerated
              Destroyed = change.Destroyed && not was.Destroyed
              Cleared = change.Cleared && not was.Cleared
              Taken = change.Taken |> List.filter (fun id -> not (List.contains id was.Taken))
              Replays = change.Replays |> List.filter (fun replay -> not (List.contains replay was.Replays))
              Lifetime = if change.Lifetime = was.Lifetime then ValueNone else change.Lifetime }
        )

    /// Merges `wanted`, which was made from `was`, onto the session `current`. Error: another request took a flash that
    /// this one took.
    let onto (current: Session) (was: Session) (wanted: Session) : Result<Session, string> =
        let change = wanted.Change
        let theirs = current.State
        let mine = wanted.State
        let isThere id = theirs.Flashes |> List.exists (fun flash -> flash.Id = id)

        if change.Destroyed then
            Ok(Session(current.Origin, mine, change))
        elif change.Taken |> List.exists (isThere >> not) then
            Error "a flash that this request took was taken by another request"
        else
            // This request's sign-in or lifetime wins. Without one, owner and lifetime stay as they are stored.
            let signsIn = SessionState.isSignIn was.State mine

            let owned =
                if signsIn then
                    { theirs with
                        Owner = mine.Owner
                        Claims = mine.Claims
                        SignedInAt = mine.SignedInAt
                        CreatedAt = mine.CreatedAt
                        ExpiresAt = mine.ExpiresAt }
                elif change.Lifetime.IsSome then
                    { theirs with ExpiresAt = mine.ExpiresAt }
                else
                    theirs

            let merged =
                if change.Cleared then
                    { owned with Values = mine.Values; Flashes = mine.Flashes }
                else
                    { owned with
                        Values = values was.State.Values mine.Values theirs.Values
                        Flashes = flashes was.State.Flashes mine.Flashes theirs.Flashes change.Taken }

            let merged = if change.Cleared then merged else replayed theirs change.Replays merged

            // Promise 4: another request may have given them to the previous owner meanwhile.
            let takesOver = signsIn && theirs.Owner.IsSome && mine.Owner <> theirs.Owner

            // Rotation and device are the engine's: they stay as they are stored.
            let labelled =
                { merged with
                    Label = if takesOver || mine.Label <> was.State.Label then mine.Label else merged.Label
                    Client =
                        if takesOver || mine.Client <> was.State.Client then
                            mine.Client
                        else
                            merged.Client }

            Ok(Session(current.Origin, labelled, change))
