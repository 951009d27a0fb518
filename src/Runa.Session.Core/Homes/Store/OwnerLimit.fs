namespace Runa.Session

open System
open System.Threading.Tasks

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

    /// How many sessions an owner may have.
    let private most (definition: SessionDefinition) : int = defaultArg definition.Settings.MaxSessions Int32.MaxValue

    /// The owner's live sessions, apart from the one that the new one replaces. Stops when it has found `enough`.
    let private standing
        (definition: SessionDefinition)
        (owner: string)
        (replaced: Place)
        (enough: int)
        : Task<OwnedRecord list> =
        let isReplaced key = not (isNull replaced.Token) && key = replaced.Key

        let rec pages (index: OwnerIndex) (from: string option) (found: OwnedRecord list) =
            task {
                let! page = DriverCall.run definition "list" false (index.List definition.Scope owner from)

                let more =
                    page.Items
                    |> List.filter (fun item ->
                        SessionRecord.isLive definition.Now item.Record && not (isReplaced item.Key))

                let found = found @ more

                match page.Next with
                | None -> return found
                | _ when found.Length >= enough -> return found
                | next -> return! pages index next found
            }

        match definition.Driver.Owners with
        | ValueSome index -> pages index None []
        | ValueNone -> Task.FromResult []

    /// By how much the clocks of processes that sign in at once may differ.
    let private skew = TimeSpan.FromSeconds 5.

    /// Those that are too many: the oldest by their sign-in, in an order that all processes agree on. One from the future was
    /// begun by a clock that is ahead, so it is older than the new one, whose time this is.
    let surplus (most: int) (signedIn: DateTimeOffset) (standing: OwnedRecord list) : OwnedRecord list =
        let order (item: OwnedRecord) =
            let at = SessionState.startedAt item.Record.State
            let time = if at - signedIn > skew then signedIn.UtcTicks - 1L else at.UtcTicks
            time, at.UtcTicks, StoreKey.toText item.Key

        standing |> List.sortBy order |> List.take (max 0 (standing.Length - most))

    /// Deletes a session of the owner, and what it has moved to meanwhile. Returns whether it was still there.
    let rec private finish (definition: SessionDefinition) (owner: string) (key: StoreKey) : Task<bool> =
        task {
            match! StoredRecord.delete definition key with
            | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some moved } } when moved = owner ->
                return! finish definition owner successor
            | ValueSome record when SessionRecord.isLive definition.Now record ->
                definition.Telemetry.Revoked(1, "limit")
                return true
            | _ -> return false
        }

    let refused (definition: SessionDefinition) : exn = SessionLimitException(definition.Name, most definition)

    /// Whether another session of the owner would be within the limit.
    let hasRoom (definition: SessionDefinition) (owner: string) (replaced: Place) : Task<bool> =
        task {
            let most = most definition
            let! standing = standing definition owner replaced most
            return standing.Length < most
        }

    /// Enforces the limit after a session was created by a sign-in at this time. Raises SessionLimitException if the new
    /// one is refused.
    let enforce
        (definition: SessionDefinition)
        (owner: string)
        (replaced: Place)
        (signedIn: DateTimeOffset)
        : Task<unit> =
        task {
            let most = most definition

            match definition.Settings.WhenFull with
            | WhenFull.Refuse ->
                let! standing = standing definition owner replaced (most + 1)

                if standing.Length > most then
                    raise (refused definition)
            | WhenFull.EndOldest ->
                let! standing = standing definition owner replaced Int32.MaxValue

                for item in surplus most signedIn standing do
                    let! isEnded = finish definition owner item.Key

                    if isEnded then
                        definition.Events.EndedByLimit(owner, StoreKey.toText item.Key)
        }
