namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// One of an owner's sessions, for a list of devices.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedSession =
    {
        /// What SessionRegistry.revoke takes. It is no token: it cannot be used as a cookie.
        Handle: string
        /// What Session.withLabel set.
        Label: string option
        /// When it was created; a sign-in starts it again.
        CreatedAt: DateTimeOffset
        /// When the owner signed in.
        SignedInAt: DateTimeOffset option
        /// When it last stored something, or was touched.
        LastSeenAt: DateTimeOffset
        /// The earlier of the idle and the absolute end.
        ExpiresAt: DateTimeOffset
    }

    member internal _.Display = "OwnedSession"

    /// Promise 5: the handle is not printed.
    override owned.ToString() = owned.Display

/// Lists and ends sessions by owner, over the driver's index (promise 27).
module internal OwnerSessions =
    let private index (session: NamedSession) : OwnerIndex =
        match session.Driver.Owners with
        | ValueSome owners -> owners
        | ValueNone ->
            raise (
                NotSupportedException
                    $"The driver \"{session.Driver.Name}\" of the session \"{session.Name}\" cannot list sessions by owner."
            )

    let private records (session: NamedSession) (owner: string) (token: CancellationToken) : Task<OwnedRecord list> =
        let owners = index session

        let rec from place (pages: OwnedRecord list list) =
            task {
                token.ThrowIfCancellationRequested()
                let! page = StoreCall.run session "list" false (owners.List session.Scope owner place)

                match page.Next with
                | Some _ as next -> return! from next (page.Items :: pages)
                | None -> return List.concat (List.rev (page.Items :: pages))
            }

        from None []

    let private handle (key: StoreKey) = StoreKey.toText key

    let list (session: NamedSession) (owner: string) (token: CancellationToken) : Task<OwnedSession list> =
        task {
            let! records = records session owner token

            return
                [ for item in records do
                      if not (SessionRecord.isTombstone item.Record) then
                          let state = item.Record.State

                          ({ Handle = handle item.Key
                             Label = state.Label
                             CreatedAt = state.CreatedAt
                             SignedInAt = state.SignedInAt
                             LastSeenAt = state.LastSeenAt
                             ExpiresAt = SessionRecord.endsAt item.Record }
                          : OwnedSession) ]
        }

    /// Deletes, and follows a tombstone as long as the owner is the same. True: a living session ended.
    let rec private endOne (session: NamedSession) (owner: string) (key: StoreKey) : Task<bool> =
        task {
            match! StoreCall.delete session key with
            | ValueSome { Kind = RecordKind.Moved successor; State = { Owner = Some moved } } when moved = owner ->
                return! endOne session owner successor
            | ValueSome record -> return not (SessionRecord.isTombstone record)
            | ValueNone -> return false
        }

    let private endEach session owner (token: CancellationToken) (items: OwnedRecord list) : Task<int> =
        task {
            let mutable ended = 0

            for item in items do
                token.ThrowIfCancellationRequested()
                let! isEnded = endOne session owner item.Key

                if isEnded then
                    ended <- ended + 1

            return ended
        }

    /// One of the owner's sessions. False: the owner has none of this handle.
    let revoke (session: NamedSession) (owner: string) (wanted: string) (token: CancellationToken) : Task<bool> =
        task {
            let! records = records session owner token
            let! ended = records |> List.filter (fun item -> handle item.Key = wanted) |> endEach session owner token
            return ended > 0
        }

    let private advance (session: NamedSession) (owner: string) =
        let owners = index session

        StoreCall.run session "advance" true (fun token ->
            ValueTask<bool>(
                task {
                    do! owners.Advance session.Scope owner token
                    return true
                }
            ))

    /// All of the owner's sessions; a sign-in that is under way loses.
    let revokeOwner (session: NamedSession) (owner: string) (token: CancellationToken) : Task<int> =
        task {
            let! _ = advance session owner
            let! records = records session owner token
            return! endEach session owner token records
        }

    /// Where a tombstone leads to at last. Somebody else may have been signed in on the way: what is not among the owner's
    /// records is asked for.
    let private placeOf (session: NamedSession) (records: OwnedRecord list) : StoreKey -> Task<StoreKey> =
        let known = Dictionary<StoreKey, SessionRecord>()

        for item in records do
            known[item.Key] <- item.Record

        let find (key: StoreKey) : Task<SessionRecord voption> =
            task {
                match known.TryGetValue key with
                | true, record -> return ValueSome record
                | _ -> return! StoreCall.run session "load" false (session.Driver.Load key)
            }

        let rec follow (key: StoreKey) : Task<StoreKey> =
            task {
                match! find key with
                | ValueSome { Kind = RecordKind.Moved successor } -> return! follow successor
                | _ -> return key
            }

        follow

    /// All but one, which may itself have moved since. Tombstones that lead to that one are left to expire.
    let revokeOthers (session: NamedSession) (owner: string) (kept: StoreKey) (token: CancellationToken) : Task<int> =
        task {
            let! records = records session owner token
            let follow = placeOf session records
            let! place = follow kept
            let mutable others = []

            for item in records do
                let! leadsTo = follow item.Key

                if leadsTo <> place then
                    others <- item :: others

            return! endEach session owner token (List.rev others)
        }

    /// However long it takes: new sign-ins lose from its beginning on.
    let revokeAll (session: NamedSession) (token: CancellationToken) : Task<int> =
        StoreCall.runLong session "delete all" token ((index session).DeleteAll session.Scope)
