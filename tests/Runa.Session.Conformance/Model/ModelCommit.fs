/// What becomes of the model's store at the end of a request, and by ending sessions from outside.
module internal Runa.Session.Conformance.ModelCommit

open System
open Runa.Session.Conformance.Model

let private touchesEach = TimeSpan.FromMinutes 1.
let private stoneLives = TimeSpan.FromMinutes 2. + tolerance
let private flight = TimeSpan.FromSeconds 5.

let private isBlank (content: Content) = content.Values.IsEmpty && content.Flashes.IsEmpty && content.Owner.IsNone

let private put (now: DateTimeOffset) (token: Token) (content: Content) (store: Store) : Store =
    let number index (flash: Flash) = if flash.Id = 0 then { flash with Id = store.Next * 100 + index } else flash

    let entry =
        { Content = { content with Flashes = content.Flashes |> List.mapi number }
          Version = store.Next
          Seen = now
          Idle = min (now + idle) content.Ends
          MovedTo = None }

    { store with Entries = store.Entries.Add(token, entry); Next = store.Next + 1 }

/// The owner's sessions were ended after the request had looked: whatever a sign-in rests on was checked before.
let private isRevoked (work: Work) (store: Store) =
    match work.Content.Owner with
    | Some owner -> max store.AllRevoked (defaultArg (store.Revoked.TryFind owner) 0) > work.Since
    | None -> false

let private create now (work: Work) (store: Store) : Outcome =
    if isRevoked work store then
        None
    else
        let token = store.Next
        Some(put now token work.Content store, Cookie.Fresh(token, work.Content.Ends))

/// With all it leads to.
let rec private delete (token: Token) (store: Store) : Store =
    match store.Entries.TryFind token with
    | None -> store
    | Some entry ->
        let store = { store with Entries = store.Entries.Remove token }
        (store, Option.toList entry.MovedTo) ||> List.fold (fun store next -> delete next store)

let private endIt now (work: Work) (store: Store) : Outcome =
    // What the tombstone that was loaded leads to ends too, though the tombstone itself may be purged by now.
    let known =
        match work.Found with
        | Found.Moved { MovedTo = Some next }
        | Found.MovedLong { MovedTo = Some next } -> delete next store
        | _ -> store

    let left = delete work.Token known

    if isBlank work.Content || work.Content.Ends <= work.At then
        Some(left, (if work.Found.IsMovedLong then Cookie.Unchanged else Cookie.Expired))
    else
        create now work left

let private move now (work: Work) (store: Store) : Outcome =
    let token = store.Next
    let store = put now token work.Content store

    let stone =
        { Content = { blank now with Owner = work.Content.Owner; Ends = now + stoneLives }
          Version = store.Next
          Seen = now
          Idle = now + stoneLives
          MovedTo = Some token }

    Some(
        { store with Entries = store.Entries.Add(work.Token, stone); Next = store.Next + 1 },
        Cookie.Fresh(token, work.Content.Ends)
    )

/// The session ended while a run-once request was under way.
let private lost (seen: Entry) (work: Work) (store: Store) : Outcome =
    if seen.Content.Owner.IsSome || work.Content.Owner.IsSome then
        None
    else
        Some(store, Cookie.Unchanged)

/// What the request changed, on top of what another one has stored meanwhile. None: it took a flash that is gone.
let private onto (now: DateTimeOffset) (current: Entry) (was: Content) (work: Work) : Work option =
    let theirs, mine = current.Content, work.Content
    let there = theirs.Flashes |> List.map _.Id |> Set

    if not (Set.isSubset work.Taken there) then
        None
    else
        let keys = Seq.concat [ was.Values.Keys; mine.Values.Keys; theirs.Values.Keys ] |> Set

        let values =
            [ for key in keys do
                  let changed = mine.Values.TryFind key <> was.Values.TryFind key

                  match (if changed then mine else theirs).Values.TryFind key with
                  | Some value -> key, value
                  | None -> () ]
            |> Map

        let left = theirs.Flashes |> List.filter (fun flash -> not (work.Taken.Contains flash.Id))
        let added = mine.Flashes |> List.filter (fun flash -> flash.Id = 0)
        let signsIn = mine.SignedIn <> was.SignedIn || mine.Owner <> was.Owner
        let whose = if signsIn then mine else theirs
        // Nothing of another owner is left to this one.
        let takesOver = signsIn && theirs.Owner.IsSome && mine.Owner <> theirs.Owner

        Some
            { work with
                Found = Found.Live current
                At = now
                Content =
                    { Values = if work.Cleared then mine.Values else values
                      Flashes = if work.Cleared then mine.Flashes else left @ added
                      Owner = whose.Owner
                      Label = if takesOver || mine.Label <> was.Label then mine.Label else theirs.Label
                      Client = if takesOver || mine.Client <> was.Client then mine.Client else theirs.Client
                      Created = whose.Created
                      SignedIn = whose.SignedIn
                      Ends = if signsIn || work.Lifetime.IsSome then mine.Ends else theirs.Ends } }

let private touch now (seen: Entry) (work: Work) (store: Store) : Outcome =
    let later = min (work.At + idle) seen.Content.Ends

    if later <= seen.Idle || work.At + idle - seen.Idle < touchesEach then
        Some(store, Cookie.Unchanged)
    else
        match standing now work.Token store with
        | Some entry ->
            let moved = max entry.Idle (min later entry.Content.Ends)
            let touched = { entry with Idle = moved; Seen = entry.Seen + (moved - entry.Idle) }
            Some({ store with Entries = store.Entries.Add(work.Token, touched) }, Cookie.Unchanged)
        | None -> lost seen work store

/// The end of a request.
let rec commit (now: DateTimeOffset) (work: Work) (store: Store) : Outcome =
    let isOver = work.Content.Ends <= work.At
    let isEmpty = isOver || isBlank work.Content

    match work.Found with
    | Found.Live _ when work.Ended || isOver -> endIt now work store
    | Found.Live seen when not work.Renewed && work.Content = seen.Content -> touch now seen work store
    | Found.Live seen ->
        match standing now work.Token store with
        | None -> lost seen work store
        // A sign-in looks for a revocation before it finds out that another request was first.
        | Some _ when work.Renewed && work.Content.Owner <> seen.Content.Owner && isRevoked work store -> None
        | Some current when current.Version = seen.Version && work.Renewed -> move now work store
        | Some current when current.Version = seen.Version ->
            let isLonger = work.Content.Ends <> seen.Content.Ends
            let cookie =
                if isLonger then
                    Cookie.Again(work.Token, work.Content.Ends)
                else
                    Cookie.Unchanged
            Some(put now work.Token work.Content store, cookie)
        | Some current when current.MovedTo.IsSome -> None
        | Some current -> onto now current seen.Content work |> Option.bind (fun merged -> commit now merged store)
    | Found.Moved _
    | Found.MovedLong _ when work.Ended -> endIt now work store
    | _ when isEmpty -> Some(store, Cookie.Unchanged)
    // The browser may yet receive the cookie that leads on; unless it never will.
    | Found.Moved stone when work.Content.Owner.IsNone || work.At < stone.Content.Created + flight -> None
    | _ -> create now work store

let private ofOwner (owner: string) (store: Store) =
    store.Entries |> Map.filter (fun _ entry -> entry.Content.Owner = Some owner) |> Map.toList

let devices now (owner: string) (store: Store) : Entry list =
    ofOwner owner store
    |> List.map snd
    |> List.filter (fun entry -> entry.MovedTo.IsNone && not (ended now entry))

/// The end of a chain of tombstones.
let rec private leadsTo (token: Token) (store: Store) : Token =
    match store.Entries.TryFind token with
    | Some { MovedTo = Some next } -> leadsTo next store
    | _ -> token

/// Ends all of the owner's but one; how many living sessions that were.
let revoke now (owner: string) (kept: Token option) (store: Store) : Store * int =
    let rec from (token: Token) (store: Store, count) =
        match store.Entries.TryFind token with
        | Some entry when entry.Content.Owner = Some owner ->
            let left = { store with Entries = store.Entries.Remove token }

            match entry.MovedTo with
            | None -> left, (if ended now entry then count else count + 1)
            | Some next -> from next (left, count)
        // The next owner's tombstone stays: a logout with an older cookie goes on to that owner's session.
        | _ -> store, count

    let wanted =
        ofOwner owner store |> List.map fst |> List.filter (fun token -> Some(leadsTo token store) <> kept)

    ((store, 0), wanted) ||> List.fold (fun ended token -> from token ended)

/// Ends all of the owner's; who looked at a session before cannot sign the owner in any more.
let revokeOwner now (owner: string) (store: Store) : Store * int =
    let store, count = revoke now owner None store
    { store with Next = store.Next + 1; Revoked = store.Revoked.Add(owner, store.Next + 1) }, count

let revokeAll now (store: Store) : Store * int =
    let isAlive _ (entry: Entry) = entry.MovedTo.IsNone && not (ended now entry)

    { store with Entries = Map.empty; Next = store.Next + 1; AllRevoked = store.Next + 1 },
    store.Entries |> Map.filter isAlive |> Map.count

let purge now (store: Store) : Store =
    { store with Entries = store.Entries |> Map.filter (fun _ entry -> not (purgeable now entry)) }
