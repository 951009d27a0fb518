namespace Runa.Session

open System
open System.Collections.Generic
open System.Threading
open System.Threading.Tasks

/// Lists and finds sessions by owner, using the driver's index (promise 27).
module internal OwnerListing =
    let index (definition: SessionDefinition) : OwnerIndex =
        match definition.Driver.Owners with
        | ValueSome owners -> owners
        | ValueNone ->
            raise (
                NotSupportedException
                    $"The driver \"{definition.Driver.Name}\" of the session \"{definition.Name}\" cannot list or end sessions by owner. Choose a driver with an owner index, such as memory, sql or redis."
            )

    /// Reads the pages of the owner's records until `isEnough` is true of one.
    let private pages
        (definition: SessionDefinition)
        (owner: string)
        (token: CancellationToken)
        (isEnough: OwnedPage -> bool)
        : Task =
        OwnerPages.walk definition (index definition) owner token (fun page -> Task.FromResult(isEnough page))

    let private ofRecord (item: OwnedRecord) : OwnedSession =
        let state = item.Record.State

        { Handle = StoreKey.toText item.Key
          Label = state.Label
          Client = state.Client
          Device = SessionDevice.ofBinding state.Device
          CreatedAt = state.CreatedAt
          SignedInAt = state.SignedInAt
          LastSeenAt = state.LastSeenAt
          EndsAt = SessionRecord.endsAt item.Record }

    let private reportUnreadable (definition: SessionDefinition) (count: int) =
        if count > 0 then
            Unreadable.count definition count
            Log.unreadableOwned definition.Log count definition.Name "left out of the list of an owner's sessions"

    let isOwned (definition: SessionDefinition) (owner: string) (record: SessionRecord) =
        record.Scope = definition.Scope && record.State.Owner = Some owner

    /// The one that was used last comes first; each driver has an order of its own.
    let private byUse (a: OwnedSession) (b: OwnedSession) : int =
        match b.LastSeenAt.CompareTo a.LastSeenAt with
        | 0 -> String.CompareOrdinal(a.Handle, b.Handle)
        | order -> order

    let list (definition: SessionDefinition) (owner: string) (token: CancellationToken) : Task<OwnedSession list> =
        task {
            let found = List<OwnedSession>()
            let mutable unreadable = 0

            do!
                pages definition owner token (fun page ->
                    unreadable <- unreadable + page.Unreadable.Length
                    for item in page.Items do
                        // The index also lists sessions that have just ended: they may be alive by another node's
                        // clock.
                        if SessionRecord.isLive definition.Now item.Record then
                            found.Add(ofRecord item)

                    false)

            reportUnreadable definition unreadable
            found.Sort byUse
            return List.ofSeq found
        }

    /// One page of the list, as the driver cuts it. Raises ArgumentException for a `next` that is no Next of a page.
    let page
        (definition: SessionDefinition)
        (owner: string)
        (next: string option)
        (token: CancellationToken)
        : Task<OwnedSessionPage> =
        let owners = index definition

        task {
            token.ThrowIfCancellationRequested()

            let! page =
                match next with
                | None -> OwnerPages.read definition owners owner None
                | Some next -> OwnerPages.readFrom definition owners owner next

            reportUnreadable definition page.Unreadable.Length

            return
                { OwnedSessionPage.Items =
                    page.Items
                    |> List.filter (fun item -> SessionRecord.isLive definition.Now item.Record)
                    |> List.map ofRecord
                  OwnedSessionPage.Next = page.Next }
        }

    let isListedUnreadable definition owner key token : Task<bool> =
        task {
            let mutable isListed = false

            do!
                pages definition owner token (fun page ->
                    isListed <- List.contains key page.Unreadable
                    isListed)

            return isListed
        }

    /// One of the owner's living sessions. None: the owner has no session with this handle, or it cannot be read, which
    /// is logged and counted.
    let tryFind
        (definition: SessionDefinition)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        : Task<OwnedSession option> =
        task {
            index definition |> ignore
            token.ThrowIfCancellationRequested()

            match StoreKey.ofText handle with
            | None -> return None
            | Some key ->
                try
                    match! StoredRecord.peek definition key with
                    | ValueSome record when
                        isOwned definition owner record && SessionRecord.isLive definition.Now record
                        ->
                        return Some(ofRecord { Key = key; Record = record })
                    | _ -> return None
                with e when DriverCall.isUnreadable e ->
                    reportUnreadable definition 1
                    return None
        }
