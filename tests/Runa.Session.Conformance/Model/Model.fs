/// What sessions are, in as few lines as can be: an immutable map from tokens to what stands under them. It knows nothing
/// of the library's own commit and merge.
module internal Runa.Session.Conformance.Model

open System

type Token = int

type Flash =
    {
        /// 0 until it is stored.
        Id: int
        Text: string
    }

type Content =
    {
        Values: Map<string, int>
        Flashes: Flash list
        Owner: string option
        Label: string option
        /// The client's address.
        Client: string option
        Created: DateTimeOffset
        SignedIn: DateTimeOffset option
        Ends: DateTimeOffset
    }

type Entry =
    {
        Content: Content
        Version: int
        Seen: DateTimeOffset
        Idle: DateTimeOffset
        /// A tombstone.
        MovedTo: Token option
    }

type Store =
    {
        Entries: Map<Token, Entry>
        /// The next token, version and flash id; it goes on with each revocation, too.
        Next: int
        /// What was next when an owner's sessions were ended last.
        Revoked: Map<string, int>
        /// And when everybody's were.
        AllRevoked: int
    }

[<RequireQualifiedAccess>]
type Found =
    | NoCookie
    | Gone
    | Live of Entry
    | Moved of Entry
    /// A tombstone that has ended, and that a sweep may not have deleted yet.
    | MovedLong of Entry

/// A session in a request.
type Work =
    {
        Token: Token
        Found: Found
        At: DateTimeOffset
        /// What was next when it was loaded.
        Since: int
        Content: Content
        Renewed: bool
        Ended: bool
        Cleared: bool
        Taken: Set<int>
        Lifetime: TimeSpan option
    }

[<RequireQualifiedAccess>]
type Cookie =
    | Unchanged
    | Fresh of Token * until: DateTimeOffset
    | Again of Token * until: DateTimeOffset
    | Expired

/// None: SessionConflictException.
type Outcome = (Store * Cookie) option

let ttl = TimeSpan.FromHours 2.
let idle = TimeSpan.FromMinutes 20.

let empty: Store = { Entries = Map.empty; Next = 1; Revoked = Map.empty; AllRevoked = 0 }

let ended (now: DateTimeOffset) (entry: Entry) = min entry.Idle entry.Content.Ends <= now

/// How far the clocks of nodes may be apart: for so long after its end a tombstone still leads a logout on.
let tolerance = TimeSpan.FromMinutes 5.

let purgeable (now: DateTimeOffset) (entry: Entry) = ended (now - tolerance) entry

/// What stands and has not ended.
let standing (now: DateTimeOffset) (token: Token) (store: Store) : Entry option =
    store.Entries.TryFind token |> Option.filter (fun entry -> not (ended now entry))

let blank (now: DateTimeOffset) : Content =
    { Values = Map.empty
      Flashes = []
      Owner = None
      Label = None
      Client = None
      Created = now
      SignedIn = None
      Ends = now + ttl }

let load (now: DateTimeOffset) (cookie: Token option) (store: Store) : Work =
    let found =
        match cookie with
        | None -> Found.NoCookie
        | Some token ->
            match store.Entries.TryFind token with
            | Some entry when entry.MovedTo.IsSome && not (ended now entry) -> Found.Moved entry
            | Some entry when entry.MovedTo.IsSome && not (purgeable now entry) -> Found.MovedLong entry
            | Some entry when not (ended now entry) -> Found.Live entry
            | _ -> Found.Gone

    { Token = defaultArg cookie 0
      Found = found
      At = now
      Since = store.Next
      Content =
        match found with
        | Found.Live entry -> entry.Content
        | _ -> blank now
      Renewed = false
      Ended = false
      Cleared = false
      Taken = Set.empty
      Lifetime = None }

let change (work: Work) (change: Change) : Work =
    let content = work.Content
    let put content = { work with Content = content }

    match change with
    | Change.Set(key, value) -> put { content with Values = content.Values.Add(key, value) }
    | Change.Increment key ->
        let before = content.Values.TryFind key |> Option.defaultValue 0
        put { content with Values = content.Values.Add(key, before + 1) }
    | Change.Remove key -> put { content with Values = content.Values.Remove key }
    | Change.Flash text -> put { content with Flashes = content.Flashes @ [ { Id = 0; Text = text } ] }
    | Change.TakeFlashes ->
        let stored = content.Flashes |> List.map _.Id |> List.filter ((<>) 0) |> Set
        { put { content with Flashes = [] } with Taken = work.Taken + stored }
    | Change.Clear -> { put { content with Values = Map.empty; Flashes = [] } with Cleared = true }
    | Change.Label label -> put { content with Label = Some label }
    | Change.Client address -> put { content with Client = Some address }
    | Change.Regenerate -> { work with Renewed = true }
    | Change.Destroy ->
        { put (blank work.At) with
            Ended = true
            Renewed = false
            Cleared = false
            Taken = Set.empty
            Lifetime = None }
    | Change.SignIn owner ->
        // Nothing of another owner is left to this one.
        let isOther = content.Owner.IsSome && content.Owner <> Some owner
        let kept = if isOther then blank work.At else content

        { put
              { kept with
                  Owner = Some owner
                  Created = work.At
                  SignedIn = Some work.At
                  Ends = work.At + defaultArg work.Lifetime ttl } with
            Renewed = true
            Cleared = work.Cleared || isOther }
    | Change.WithLifetime minutes ->
        let lifetime = TimeSpan.FromMinutes(float minutes)

        { put { content with Ends = defaultArg content.SignedIn content.Created + lifetime } with
            Lifetime = Some lifetime }
