namespace Runa.Session

open System.Threading.Tasks

/// Keeps the number of an owner's live sessions within the setting MaxSessions. Each sign-in lists them after it has created
/// its record and before its token is given out. So whoever creates last sees all that stay, and the limit holds when all
/// have answered, in any number of processes.
module internal OwnerLimit =
    /// The owner whose sign-in is limited.
    let ownerOf (definition: SessionDefinition) (state: SessionState) (signsIn: bool) : string voption =
        match definition.Settings.MaxSessions, state.Owner with
        | Some _, Some owner when signsIn -> ValueSome owner
        | _ -> ValueNone

    let private isLive (definition: SessionDefinition) (record: SessionRecord) =
        not (SessionRecord.isTombstone record || SessionRecord.isExpired definition.Now record)

    /// The owner's live sessions, apart from the one that the new one replaces.
    let private standing (definition: SessionDefinition) (owner: string) (replaced: Place) : Task<OwnedRecord list> =
        let isReplaced key = not (isNull replaced.Token) && key = replaced.Key

        let rec pages (index: OwnerIndex) (from: string option) (found: OwnedRecord list) =
            task {
                let! page = DriverCall.run definition "list" false (index.List definition.Scope owner from)

                let more =
                    page.Items |> List.filter (fun item -> isLive definition item.Record && not (isReplaced item.Key))

                match page.Next with
                | None -> return found @ more
                | next -> return! pages index next (found @ more)
            }

        match definition.Driver.Owners with
        | ValueSome index -> pages index None []
        | ValueNone -> Task.FromResult []

    /// Those that are too many: the oldest by their sign-in, in an order that all processes agree on.
    let surplus (most: int) (standing: OwnedRecord list) : OwnedRecord list =
        standing
        |> List.sortBy (fun item -> (SessionState.startedAt item.Record.State).UtcTicks, StoreKey.toText item.Key)
        |> List.take (max 0 (standing.Length - most))

    /// Deletes a session of the owner, and what it has moved to meanwhile.
    let rec private finish (definition: SessionDefinition) (owner: string) (key: StoreKey) : Task<unit> =
        task {
            match! StoredRecord.delete definition key with
            | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some moved } } when moved = owner ->
                return! finish definition owner successor
            | ValueSome record when isLive definition record -> definition.Telemetry.Revoked(1, "limit")
            | _ -> ()
        }

    /// Whether another session of the owner would be within the limit.
    let hasRoom (definition: SessionDefinition) (owner: string) (replaced: Place) : Task<bool> =
        task {
            let! standing = standing definition owner replaced
            return standing.Length < defaultArg definition.Settings.MaxSessions System.Int32.MaxValue
        }

    /// Enforces the limit after a session was created. Raises SessionLimitException if the new one is refused.
    let enforce (definition: SessionDefinition) (owner: string) (replaced: Place) : Task<unit> =
        task {
            let most = defaultArg definition.Settings.MaxSessions System.Int32.MaxValue
            let! standing = standing definition owner replaced

            match definition.Settings.WhenFull with
            | WhenFull.Refuse when standing.Length > most -> raise (SessionLimitException(definition.Name, most))
            | WhenFull.Refuse -> ()
            | WhenFull.EndOldest ->
                for item in surplus most standing do
                    do! finish definition owner item.Key
                    definition.Events.EndedByLimit(owner, StoreKey.toText item.Key)
        }
