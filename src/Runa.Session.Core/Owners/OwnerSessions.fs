namespace Runa.Session

open System
open System.Collections.Generic
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// Ends sessions by owner, using the driver's index (promise 27).
module internal OwnerSessions =
    /// Tells how many sessions have ended, also if not all of them could be.
    let private told (tell: int -> unit) (ending: unit -> Task<int>) : Task<int> =
        task {
            try
                let! ended = ending ()
                tell ended
                return ended
            with :? SessionsLeftException as e ->
                tell e.Ended
                ExceptionDispatchInfo.Throw e
                return 0
        }

    /// Ends one of the owner's sessions. Returns false if the owner has no session with this handle.
    let revoke
        (definition: SessionDefinition)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        : Task<bool> =
        let endOne key listed =
            told
                (fun ended ->
                    if ended > 0 then
                        definition.Events.RevokedOne(owner, handle))
                (fun () ->
                    task {
                        let ending = OwnerEnding(definition, OwnerListing.index definition, owner)
                        do! ending.One(key, listed)
                        return ending.Answer null
                    })

        task {
            OwnerListing.index definition |> ignore
            token.ThrowIfCancellationRequested()

            match StoreKey.ofText handle with
            | None -> return false
            | Some key ->
                try
                    match! StoredRecord.peek definition key with
                    | ValueSome record when OwnerListing.isOwned definition owner record ->
                        let! ended = endOne key (ValueSome record)
                        return ended > 0
                    | _ -> return false
                with e when DriverCall.isUnreadable e ->
                    // The record cannot be read, so only the owner's list can tell who owns it.
                    let! isListed = OwnerListing.isListedUnreadable definition owner key token

                    if isListed then
                        let! _ = endOne key ValueNone
                        ()

                    return isListed
        }

    /// Advances the owner's epoch. Returns the exception if that failed, otherwise null.
    let private advance (definition: SessionDefinition) (owner: string) : Task<exn | null> =
        let owners = OwnerListing.index definition

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

    /// Ends all sessions of the owner; a sign-in at the same time loses. A full store may be unable to advance the
    /// epoch until sessions have ended. Then this tries again, and ends what signed in in between.
    let revokeOwner (definition: SessionDefinition) (owner: string) (token: CancellationToken) : Task<int> =
        told (fun ended -> definition.Events.RevokedOwner(owner, ended))
        <| fun () ->
            task {
                let ending = OwnerEnding(definition, OwnerListing.index definition, owner)
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

    /// Follows tombstones to their end. A tombstone on the way may belong to another owner, so a record that is not on
    /// the page is loaded.
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

            // Damaged tombstones could form a circle.
            while seen.Add place do
                match! find place with
                | ValueSome { Kind = RecordKind.Moved successor } -> place <- successor
                | _ -> ()

            return place
        }

    let private nothing: OwnedPage = { Items = []; Unreadable = []; Next = None }

    /// Ends all sessions of the owner except one, even if that one has moved. Tombstones that lead to it are left to
    /// expire.
    let revokeOthers
        (definition: SessionDefinition)
        (owner: string)
        (kept: StoreKey)
        (token: CancellationToken)
        : Task<int> =
        let choose (page: OwnedPage) =
            task {
                // Looked up again for each page: the session may move while thousands of others are being ended.
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

        told (fun ended -> definition.Events.RevokedOthers(owner, ended))
        <| fun () ->
            task {
                let ending = OwnerEnding(definition, OwnerListing.index definition, owner)
                do! ending.Run(choose, token)
                return ending.Answer null
            }

    /// Ends all sessions of the definition, however long that takes. Sign-ins that began before it lose. Those that come later
    /// stay, and so do their devices: the devices are forgotten first.
    let revokeAll (definition: SessionDefinition) (token: CancellationToken) : Task<int> =
        let deleteAll = (OwnerListing.index definition).DeleteAll

        task {
            do! StoreDevices.forgetAll definition token
            let! ended = DriverCall.runLong definition "delete all" true token (deleteAll definition.Scope)
            definition.Telemetry.Revoked(ended, "asked")
            definition.Events.RevokedAll ended
            return ended
        }
