namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// A sign-in of another process counts as later, so this one would end at once. It can begin again after that time.
[<Sealed>]
type internal SignInOvertakenException(latest: DateTimeOffset) =
    inherit Exception("Another sign-in of the owner is later.")
    member _.Latest = latest

/// Keeps the number of an owner's live sessions within the setting MaxSessions. Each sign-in lists them after it has created
/// its record and before its token is given out. So whoever creates last sees all that stay, and the limit holds when all
/// have answered, in any number of processes.
module internal OwnerLimit =
    /// The owner whose sign-in is limited. `before`: the owner of the session that the new one replaces. Whoever signs in
    /// again there has not one session more, so the sign-in is not refused, even if there were too many before.
    let ownerOf
        (definition: SessionDefinition)
        (before: string option)
        (state: SessionState)
        (signsIn: bool)
        : string voption =
        match definition.Settings.MaxSessions, state.Owner with
        | Some _, Some owner when signsIn && not (definition.Settings.WhenFull.IsRefuse && before = Some owner) ->
            ValueSome owner
        | _ -> ValueNone

    /// The owner whose sign-ins must not run while a session of theirs moves to a new id, and is listed under both.
    let ownerWhoMoves (definition: SessionDefinition) (state: SessionState) : string voption =
        match definition.Settings.MaxSessions, state.Owner with
        | Some _, Some owner -> ValueSome owner
        | _ -> ValueNone

    /// Runs the work while no other work of this owner runs in this process. The wait has the time limit of a call to the
    /// driver, and raises what such a call raises.
    let inTurn (definition: SessionDefinition) (owner: string) (work: unit -> Task<'T>) : Task<'T> =
        task {
            let limit = definition.Limits.Begin()
            let hasTurn = ref false

            try
                return!
                    definition.SignIns.Run(
                        owner,
                        limit.ForDriver,
                        fun () ->
                            hasTurn.Value <- true
                            work ()
                    )
            with :? OperationCanceledException as e when not hasTurn.Value ->
                do! Task.Yield()
                definition.Telemetry.StoreFailure "timeout"

                return
                    raise (
                        SessionStoreException(
                            $"The session \"{definition.Name}\" waited for other sign-ins of its owner, which come one after another because of max_sessions, for more than {definition.StoreTimeout}. Nothing was saved. Either the driver \"{definition.Driver.Name}\" is slow, or very many sign in as this owner at once.",
                            false,
                            e
                        )
                    )
        }

    /// How many sessions an owner may have.
    let private most (definition: SessionDefinition) : int = defaultArg definition.Settings.MaxSessions Int32.MaxValue

    /// Deletes a record of an earlier sign-in that could not be deleted then. Nobody has its token, so it never counts.
    let private sweep (definition: SessionDefinition) (key: StoreKey) : Task =
        task {
            try
                let! _ = StoredRecord.delete definition key
                definition.SignIns.Found key
            with :? SessionStoreException ->
                // The next sign-in tries again.
                ()
        }

    /// The owner's live sessions, apart from the one that the new one replaces. Stops when it has found `enough`.
    let private list
        (definition: SessionDefinition)
        (owner: string)
        (replaced: Place)
        (enough: int)
        : Task<OwnedRecord list> =
        let isReplaced key = not (isNull replaced.Token) && key = replaced.Key

        match definition.Driver.Owners with
        | ValueNone -> Task.FromResult []
        | ValueSome index ->
            task {
                let found = List<OwnedRecord>()

                let take (page: OwnedPage) =
                    task {
                        for item in page.Items do
                            if definition.SignIns.IsLost item.Key then
                                do! sweep definition item.Key
                            elif SessionRecord.isLive definition.Now item.Record && not (isReplaced item.Key) then
                                found.Add item

                        return found.Count >= enough
                    }

                let! _ = OwnerPages.walk definition index owner CancellationToken.None take
                return List.ofSeq found
            }

    /// Whether another process may be moving one of them to a new id, so that it is listed twice: both were begun by the same
    /// sign-in, and one was written later.
    let isMoving (standing: OwnedRecord list) : bool =
        standing
        |> List.groupBy (fun item -> item.Record.State.CreatedAt, item.Record.State.SignedInAt)
        |> List.exists (fun (_, same) -> same |> List.distinctBy _.Record.State.LastSeenAt |> List.length > 1)

    /// How long to wait for the other process before looking again, and how often.
    let private pause, pauses = TimeSpan.FromMilliseconds 20., 3

    /// The same, not before ids have stopped changing if there are more than `allowed`.
    let private standing definition owner replaced (allowed: int) (enough: int) : Task<OwnedRecord list> =
        let rec look left =
            task {
                let! found = list definition owner replaced enough

                if found.Length > allowed && left > 0 && isMoving found then
                    do! Task.Delay pause
                    return! look (left - 1)
                else
                    return found
            }

        look pauses

    /// By how much the clocks of processes that sign in at once may differ.
    let private skew = TimeSpan.FromSeconds 5.

    /// Begun by a clock that is ahead, if the new one was begun at `signedIn`.
    let private isAhead (signedIn: DateTimeOffset) (item: OwnedRecord) : bool =
        SessionState.startedAt item.Record.State - signedIn > skew

    /// Those that are too many: the oldest by their sign-in, then by their creation, in an order that all processes agree on.
    /// One from the future was begun by a clock that is ahead, so it is older than the new one, which has the key `created`
    /// and the time `signedIn`.
    let surplus (most: int) (created: StoreKey) (signedIn: DateTimeOffset) (standing: OwnedRecord list) =
        let order (item: OwnedRecord) =
            let at =
                if item.Key = created then
                    signedIn
                else
                    SessionState.startedAt item.Record.State
            let time = if isAhead signedIn item then signedIn.UtcTicks - 1L else at.UtcTicks
            time, at.UtcTicks, item.Record.State.CreatedAt.UtcTicks, StoreKey.toText item.Key

        standing |> List.sortBy order |> List.take (max 0 (standing.Length - most))

    /// The latest sign-in that counts against one at this time.
    let private latest (signedIn: DateTimeOffset) (standing: OwnedRecord list) : DateTimeOffset =
        standing
        |> List.filter (fun item -> not (isAhead signedIn item))
        |> List.fold (fun latest item -> max latest (SessionState.startedAt item.Record.State)) signedIn

    // DeleteMany takes at most this many.
    let private batch = 100

    /// Deletes sessions of the owner, many at once, and what they have moved to meanwhile. Tells of those that were still
    /// there. `doomed`: store keys, each with the one under which the session was listed.
    let rec private finish (definition: SessionDefinition) owner (doomed: struct (StoreKey * StoreKey) list) : Task =
        task {
            let moved = List<struct (StoreKey * StoreKey)>()

            for chunk in List.chunkBySize batch doomed do
                let listed = Dictionary<StoreKey, StoreKey>()

                for struct (key, asListed) in chunk do
                    listed[key] <- asListed

                let! removed = StoredRecord.deleteMany definition (List.ofSeq listed.Keys)
                do! StoreDevices.forgetDeleted definition removed

                for one in removed do
                    match one.Record with
                    | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some mover } } when mover = owner ->
                        moved.Add(struct (successor, listed[one.Key]))
                    | ValueSome record when SessionRecord.isLive definition.Now record ->
                        definition.Telemetry.Revoked(1, "limit")
                        definition.Events.EndedByLimit(owner, StoreKey.toText listed[one.Key])
                    | ValueSome _ -> ()
                    | ValueNone -> Unreadable.reportDeleted definition

            if moved.Count > 0 then
                do! finish definition owner (List.ofSeq moved)
        }

    let refused (definition: SessionDefinition) : exn = SessionLimitException(definition.Name, most definition)

    /// Whether another session of the owner would be within the limit.
    let hasRoom (definition: SessionDefinition) (owner: string) (replaced: Place) : Task<bool> =
        task {
            let most = most definition
            let! standing = standing definition owner replaced (most - 1) most
            return standing.Length < most
        }

    /// Enforces the limit after a session was created under this key by a sign-in at this time. Raises SessionLimitException
    /// if the new one is refused, and SignInOvertakenException if it would be the one to end; then nothing ended.
    let enforce
        (definition: SessionDefinition)
        (owner: string)
        (replaced: Place)
        (created: StoreKey)
        (signedIn: DateTimeOffset)
        : Task<unit> =
        task {
            let most = most definition

            match definition.Settings.WhenFull with
            | WhenFull.Refuse ->
                let! standing = standing definition owner replaced most (most + 1)

                if standing.Length > most then
                    raise (refused definition)
            | WhenFull.EndOldest ->
                let! standing = standing definition owner replaced most Int32.MaxValue
                let surplus = surplus most created signedIn standing

                if surplus |> List.exists (fun item -> item.Key = created) then
                    raise (SignInOvertakenException(latest signedIn standing))

                do! finish definition owner (surplus |> List.map (fun item -> struct (item.Key, item.Key)))
        }
