namespace Runa.Session

open System

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Session =
    let private withState (session: Session) (state: SessionState) = Session(session.Origin, state, session.Change)

    let empty (name: string) : Session =
        let origin = NoOrigin name
        Session(origin, origin.State, SessionChange.None)

    let name (session: Session) = session.Origin.Name
    let status (session: Session) = session.Origin.Status
    let createdAt (session: Session) = session.State.CreatedAt
    let signedInAt (session: Session) = session.State.SignedInAt
    let lastSeenAt (session: Session) = session.State.LastSeenAt
    let expiresAt (session: Session) = session.State.ExpiresAt
    let label (session: Session) = session.State.Label
    let client (session: Session) = session.State.Client
    let owner (session: Session) = session.State.Owner
    let claims (session: Session) = session.State.Claims
    let isEmpty (session: Session) = SessionState.isEmpty session.State
    let hasFlashes (session: Session) = not session.State.Flashes.IsEmpty
    let keys (session: Session) = [ for KeyValue(key, _) in session.State.Values -> key ]

    /// The key with the codec that this session's application gives it.
    let private inside (session: Session) (key: SessionKey<'T>) : SessionKey<'T> = key.Under session.Origin.Json

    let has (key: SessionKey<'T>) (session: Session) =
        (inside session key).Check()
        session.State.Values.ContainsKey key.Name

    let private errorOf (key: SessionKey<'T>) reason : DecodeError =
        { Key = key.Name; Type = TypeNames.display typeof<'T>; Reason = reason }

    let decode (key: SessionKey<'T>) (session: Session) : Result<'T option, DecodeError> =
        let key = inside session key
        key.Check()

        match session.State.Values.TryGetValue key.Name with
        | true, text ->
            match key.Decode text with
            | Ok value -> Ok(Some value)
            | Error reason -> Error(errorOf key reason)
        | _ -> Ok None

    /// The decoded value; ValueNone: it is missing, or cannot be decoded, which is reported.
    let private find (key: SessionKey<'T>) (session: Session) : 'T voption =
        let key = inside session key
        key.Check()

        match session.State.Values.TryGetValue key.Name with
        | true, text ->
            match key.Decode text with
            | Ok value -> ValueSome value
            | Error reason ->
                session.Origin.Undecodable(errorOf key reason)
                ValueNone
        | _ -> ValueNone

    let tryGet (key: SessionKey<'T>) (session: Session) : 'T option =
        match find key session with
        | ValueSome value -> Some value
        | ValueNone -> None

    let getOr (key: SessionKey<'T>) (otherwise: 'T) (session: Session) : 'T =
        match find key session with
        | ValueSome value -> value
        | ValueNone -> otherwise

    /// Drops the replays of a key: a value that is set or removed is not computed from the earlier value.
    let private forget (key: string) (session: Session) : Session =
        match session.Change.Replays with
        | [] -> session
        | replays ->
            let others = replays |> List.filter (fun replay -> replay.Key <> key)
            Session(session.Origin, session.State, { session.Change with Replays = others })

    let private withValue (key: string) (text: string) (state: SessionState) : SessionState =
        match state.Values.TryGetValue key with
        | true, before when String.Equals(before, text) -> state
        | _ -> { state with Values = state.Values.Add(key, text) }

    let set (key: SessionKey<'T>) (value: 'T) (session: Session) : Session =
        let text = (inside session key).Encode value
        let session = forget key.Name session

        match withValue key.Name text session.State with
        | same when Object.ReferenceEquals(same, session.State) -> session
        | state -> withState session state

    let update (key: SessionKey<'T>) (seed: 'T) (change: 'T -> 'T) (session: Session) : Session =
        set key (change (getOr key seed session)) session

    let updateAgain (key: SessionKey<'T>) (seed: 'T) (change: 'T -> 'T) (session: Session) : struct ('T * Session) =
        let origin = session.Origin
        let key = inside session key

        // A replay needs the seed again, so each run gets a copy that the function may change.
        let current (session: Session) =
            match find key session with
            | ValueSome value -> value
            | ValueNone -> key.Copy seed

        let replay (state: SessionState) =
            let found = current (Session(origin, state, SessionChange.None))
            withValue key.Name (key.Encode(change found)) state

        let value = change (current session)
        let state = withValue key.Name (key.Encode value) session.State
        let replays = session.Change.Replays

        let isOwn =
            session.Change.Destroyed
            || session.Change.Cleared
            || (not (replays |> List.exists (fun replay -> replay.Key = key.Name))
                && session.State.Values.TryFind key.Name <> origin.State.Values.TryFind key.Name)

        if isOwn then
            struct (value, withState session state)
        else
            let change = { session.Change with Replays = { Key = key.Name; Run = replay } :: replays }
            struct (value, Session(origin, state, change))

    let remove (key: SessionKey<'T>) (session: Session) : Session =
        let session = forget key.Name session

        if has key session then
            withState session { session.State with Values = session.State.Values.Remove key.Name }
        else
            session

    let clear (session: Session) : Session = SessionIdentity.cleared session session.State session.Change

    let toJson (session: Session) : string =
        session.State.Values
        |> Seq.map (fun (KeyValue(key, text)) -> struct (key, text))
        |> JsonText.ofMembers

    let flash (key: SessionKey<'T>) (value: 'T) (session: Session) : Session =
        let flash: Flash = { Id = 0L; Key = key.Name; Json = (inside session key).Encode value }

        withState session { session.State with Flashes = session.State.Flashes @ [ flash ] }

    let takeFlashes (key: SessionKey<'T>) (session: Session) : 'T list * Session =
        let key = inside session key
        key.Check()

        let take (flash: Flash) =
            if flash.Key <> key.Name then
                Choice2Of2 flash
            else
                match key.Decode flash.Json with
                | Ok value -> Choice1Of2 struct (flash.Id, value)
                | Error reason ->
                    session.Origin.Undecodable(errorOf key reason)
                    Choice2Of2 flash

        match session.State.Flashes with
        | [] -> [], session
        | queued ->
            let sorted = queued |> List.map take

            let taken =
                sorted
                |> List.choose (function
                    | Choice1Of2 taken -> Some taken
                    | Choice2Of2 _ -> None)

            let left =
                sorted
                |> List.choose (function
                    | Choice2Of2 flash -> Some flash
                    | Choice1Of2 _ -> None)

            match taken with
            | [] -> [], session
            | _ ->
                // Flashes without an id were queued in this request: nobody else can take them.
                let ids = taken |> List.choose (fun struct (id, _) -> if id = 0L then None else Some id)
                let values = taken |> List.map (fun struct (_, value) -> value)

                values,
                Session(
                    session.Origin,
                    { session.State with Flashes = left },
                    { session.Change with Taken = ids @ session.Change.Taken }
                )

    let regenerate (session: Session) : Session =
        Session(session.Origin, session.State, { session.Change with Regenerated = true })

    let destroy (session: Session) : Session = SessionIdentity.signOut session
    let signOut (session: Session) : Session = destroy session

    let withLifetime (lifetime: TimeSpan) (session: Session) : Session = SessionIdentity.withLifetime lifetime session

    let withExpiresAt (expiresAt: DateTimeOffset) (session: Session) : Session =
        SessionIdentity.withExpiresAt expiresAt session

    let withLabel (label: string) (session: Session) : Session =
        JsonText.checkUnicode (nameof label) label
        withState session { session.State with Label = Some label }

    let withClient (address: string option) (agent: string option) (session: Session) : Session =
        withState session { session.State with Client = ClientRules.client address agent }

    let signInWith (owner: string) (claims: Map<string, string list>) (session: Session) : Session =
        SessionIdentity.signInWith owner claims session

    let signIn (owner: string) (session: Session) : Session = signInWith owner Map.empty session

    let authenticatedAt (session: Session) : DateTimeOffset option = signedInAt session

    let isFresh (maxAge: TimeSpan) (session: Session) : bool = SessionIdentity.isFresh maxAge session

    let device (session: Session) : SessionDevice = SessionDevice.ofBinding session.State.Device

    let reauthenticate (session: Session) : Session = SessionIdentity.reauthenticate session
