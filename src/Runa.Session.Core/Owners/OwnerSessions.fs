namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// Lists and ends sessions by owner, over the driver's index (promise 27).
module internal OwnerSessions =
    let private index (definition: SessionDefinition) : OwnerIndex =
        match definition.Driver.Owners with
        | ValueSome owners -> owners
        | ValueNone ->
            raise (
                NotSupportedException
                    $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" cannot list sessions by owner."
            )

    /// Each page of the owner's records in turn, until one of them is enough.
    let private pages
        (definition: SessionDefinition)
        (owner: string)
        (token: CancellationToken)
        (isEnough: OwnedPage -> bool)
        : Task =
        let owners = index definition

        task {
            let mutable place = None
            let mutable isLast = false

            while not isLast do
                token.ThrowIfCancellationRequested()
                let! page = DriverCall.run definition "list" false (owners.List definition.Scope owner place)
                place <- page.Next
                isLast <- isEnough page || place.IsNone
        }

    let private ofRecord (item: OwnedRecord) : OwnedSession =
        let state = item.Record.State

        { Handle = StoreKey.toText item.Key
          Label = state.Label
          CreatedAt = state.CreatedAt
          SignedInAt = state.SignedInAt
          LastSeenAt = state.LastSeenAt
          EndsAt = SessionRecord.endsAt item.Record }

    let list (definition: SessionDefinition) (owner: string) (token: CancellationToken) : Task<OwnedSession list> =
        task {
            let found = List<OwnedSession>()
            let mutable unreadable = 0

            do!
                pages definition owner token (fun page ->
                    unreadable <- unreadable + page.Unreadable.Length
                    let now = definition.Now

                    for item in page.Items do
                        // The index lists what has just ended, too: by the clock of another node it may live.
                        if not (SessionRecord.isTombstone item.Record || SessionRecord.isExpired now item.Record) then
                            found.Add(ofRecord item)

                    false)

            if unreadable > 0 then
                Telemetry.unreadableRecords definition.Name unreadable
                Log.unreadableOwned
                    definition.Log
                    unreadable
                    definition.Name
                    "left out of the list of an owner's sessions"

            return List.ofSeq found
        }

    let private isListedUnreadable definition owner key token : Task<bool> =
        task {
            let mutable isListed = false

            do!
                pages definition owner token (fun page ->
                    isListed <- List.contains key page.Unreadable
                    isListed)

            return isListed
        }

    /// One of the owner's sessions. False: the owner has none of this handle.
    let revoke
        (definition: SessionDefinition)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        : Task<bool> =
        let isOwned (record: SessionRecord) = record.Scope = definition.Scope && record.State.Owner = Some owner

        let endOne key listed =
            task {
                let ending = OwnerEnding(definition, index definition, owner)
                do! ending.One(key, listed)
                return ending.Answer null
            }

        task {
            index definition |> ignore
            token.ThrowIfCancellationRequested()

            match StoreKey.ofText handle with
            | None -> return false
            | Some key ->
                try
                    match! StoredRecord.peek definition key with
                    | ValueSome record when isOwned record ->
                        let! ended = endOne key (ValueSome record)
                        return ended > 0
                    | _ -> return false
                with e when DriverCall.isUnreadable e ->
                    // Whose it is, only the owner's list can say.
                    let! isListed = isListedUnreadable definition owner key token

                    if isListed then
                        let! _ = endOne key ValueNone
                        ()

                    return isListed
        }

    /// Null: done. Otherwise why the owner's epoch could not be advanced.
    let private advance (definition: SessionDefinition) (owner: string) : Task<exn | null> =
        let owners = index definition

        let call token =
            ValueTask<exn | null>(
                task {
                    do! owners.Advance definition.Scope owner token
                    return (null: exn | null)
                }
            )

        task {
            try
                return! DriverCall.run definition "advance" true call
            with :? SessionStoreException as e ->
                return e
        }

    let private all (page: OwnedPage) = Task.FromResult(struct (ValueNone, OwnerEnding.All page))

    /// All of the owner's sessions; a sign-in that is under way loses. A store that is too full to advance the epoch may
    /// have room for it when the sessions have ended; what signed in until then is ended after it.
    let revokeOwner (definition: SessionDefinition) (owner: string) (token: CancellationToken) : Task<int> =
        task {
            let ending = OwnerEnding(definition, index definition, owner)
            token.ThrowIfCancellationRequested()
            let! advancing = advance definition owner
            do! ending.Run(all, token)

            if isNull advancing || ending.IsDown then
                return ending.Answer advancing
            else
                let! advancing = advance definition owner

                if isNull advancing then
                    do! ending.Run(all, token)

                return ending.Answer advancing
        }

    /// Where a record leads to at last, over tombstones. Somebody else may have been signed in on the way: what is not on
    /// the page is asked for.
    let private follow (definition: SessionDefinition) (page: OwnedPage) (from: StoreKey) : Task<StoreKey> =
        let find (key: StoreKey) : Task<SessionRecord voption> =
            task {
                match page.Items |> List.tryFind (fun item -> item.Key = key) with
                | Some item -> return ValueSome item.Record
                | None ->
                    try
                        return! StoredRecord.peek definition key
                    with e when DriverCall.isUnreadable e ->
                        return ValueNone
            }

        task {
            let seen = HashSet<StoreKey>()
            let mutable place = from

            // Damage could have made a circle of them.
            while seen.Add place do
                match! find place with
                | ValueSome { Kind = RecordKind.Moved successor } -> place <- successor
                | _ -> ()

            return place
        }

    let private nothing: OwnedPage = { Items = []; Unreadable = []; Next = None }

    /// All but one, which may itself have moved since. Tombstones that lead to that one are left to expire.
    let revokeOthers
        (definition: SessionDefinition)
        (owner: string)
        (kept: StoreKey)
        (token: CancellationToken)
        : Task<int> =
        let choose (page: OwnedPage) =
            task {
                // Asked for anew with each page: it may move while thousands of others end.
                let! place = follow definition nothing kept
                let others = List<Doomed>()

                for doomed in OwnerEnding.All page do
                    let! leadsTo =
                        match doomed.Listed with
                        | ValueSome record when SessionRecord.isTombstone record -> follow definition page doomed.Key
                        | _ -> Task.FromResult doomed.Key

                    if leadsTo <> place then
                        others.Add doomed

                return struct (ValueSome place, List.ofSeq others)
            }

        task {
            let ending = OwnerEnding(definition, index definition, owner)
            do! ending.Run(choose, token)
            return ending.Answer null
        }

    /// However long it takes: new sign-ins lose from its beginning on.
    let revokeAll (definition: SessionDefinition) (token: CancellationToken) : Task<int> =
        DriverCall.runLong definition "delete all" token ((index definition).DeleteAll definition.Scope)
