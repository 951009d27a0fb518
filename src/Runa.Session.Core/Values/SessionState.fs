namespace Runa.Session

open System

/// A value that is queued for the next request that takes it.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type Flash =
    {
        /// Unique among the flashes of a session; 0 until it is stored.
        Id: int64
        /// The name of the key under which it was queued.
        Key: string
        /// One JSON value.
        Json: string
    }

    override flash.ToString() = $"Flash \"{flash.Key}\""
    member internal flash.Display = flash.ToString()

/// What an application keeps of the device, for lists of devices. Both are personal data, which the library itself never
/// looks at.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type SessionClient =
    {
        /// Where its requests came from, such as an IP address.
        Address: string option
        /// What the browser calls itself: its User-Agent.
        Agent: string option
    }

    /// Promise 5: neither is printed.
    override _.ToString() = "SessionClient"

    member internal client.Display = client.ToString()

/// Where the rotation of a session's token stands.
[<RequireQualifiedAccess>]
type SessionRotation =
    {
        /// How often the token was rotated since the session got its id; 0 to 16,777,215.
        Generation: int
        /// When the current generation was made.
        RotatedAt: DateTimeOffset
        /// When a request first showed the current generation. None: nobody has yet.
        SeenAt: DateTimeOffset option
    }

/// How far the session is bound to a device, by the id under which the browser knows the binding.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DeviceBinding =
    /// The browser was offered the binding, and has not shown its bound cookie yet.
    | Offered of id: string
    /// Only requests with the bound cookie are the device's.
    | Bound of id: string

    override binding.ToString() =
        match binding with
        | Offered _ -> "Offered"
        | Bound _ -> "Bound"

    member internal binding.Display = binding.ToString()

/// Whether only requests of one device are the session's.
[<RequireQualifiedAccess>]
type SessionDevice =
    /// It is not bound: whoever has its cookie is the session.
    | Unbound
    /// The browser was offered to bind it, and may do so within seconds. Until then it is as if unbound.
    | Offered
    /// It is bound: a copy of its cookies is worthless within minutes.
    | Bound

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | SessionDevice.Unbound -> "Unbound"
        | SessionDevice.Offered -> "Offered"
        | SessionDevice.Bound -> "Bound"

module internal SessionDevice =
    let ofBinding (binding: DeviceBinding option) : SessionDevice =
        match binding with
        | Some(DeviceBinding.Bound _) -> SessionDevice.Bound
        | Some(DeviceBinding.Offered _) -> SessionDevice.Offered
        | None -> SessionDevice.Unbound

/// What a session holds, and who owns it. Values are JSON text, as every driver stores them.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type SessionState =
    {
        /// JSON text by the name of the key; each text is one JSON value.
        Values: Map<string, string>
        /// Oldest first.
        Flashes: Flash list
        /// The user who signed in.
        Owner: string option
        /// What is known about the owner; only a sign-in replaces it.
        Claims: Map<string, string list>
        /// What a list of devices shows: "Firefox on Linux".
        Label: string option
        /// What the application keeps of the device.
        Client: SessionClient option
        /// None: the token has never been rotated.
        Rotation: SessionRotation option
        /// None: the session is bound to no device.
        Device: DeviceBinding option
        /// When the session was created. A sign-in sets it anew.
        CreatedAt: DateTimeOffset
        /// When the owner signed in.
        SignedInAt: DateTimeOffset option
        /// When a request last stored or touched the session.
        LastSeenAt: DateTimeOffset
        /// The absolute end.
        ExpiresAt: DateTimeOffset
    }

    /// Promise 5: neither the owner nor a value is printed.
    override state.ToString() = $"SessionState ({state.Values.Count} values)"

    member internal state.Display = state.ToString()

module internal SessionState =
    /// An empty state that starts now and lasts for the given lifetime.
    let fresh (now: DateTimeOffset) (lifetime: TimeSpan) : SessionState =
        { Values = Map.empty
          Flashes = []
          Owner = None
          Claims = Map.empty
          Label = None
          Client = None
          Rotation = None
          Device = None
          CreatedAt = now
          SignedInAt = None
          LastSeenAt = now
          ExpiresAt = now + lifetime }

    /// Whether there are no values, no flashes and no owner. A new session that is empty is not stored.
    let isEmpty (state: SessionState) = state.Values.IsEmpty && state.Flashes.IsEmpty && state.Owner.IsNone

    /// When the lifetime began: at the sign-in, or else at the creation.
    let startedAt (state: SessionState) = defaultArg state.SignedInAt state.CreatedAt

    /// Whether somebody signed in between the two.
    let isSignIn (before: SessionState) (after: SessionState) =
        after.Owner <> before.Owner || after.SignedInAt <> before.SignedInAt

    /// Whether both have the same values. Quicker than the equality of maps.
    let private sameValues (a: Map<string, string>) (b: Map<string, string>) =
        Object.ReferenceEquals(a, b)
        || (a.Count = b.Count
            && a
               |> Map.forall (fun key text ->
                   match b.TryGetValue key with
                   | true, other -> String.Equals(text, other)
                   | _ -> false))

    /// Whether both are equal, apart from LastSeenAt. What changes most often is compared first, and what did not
    /// change is usually the same object.
    let same (a: SessionState) (b: SessionState) =
        let alike (x: 'A) (y: 'A) = Object.ReferenceEquals(x, y) || x = y

        Object.ReferenceEquals(a, b)
        || (sameValues a.Values b.Values
            && alike a.Flashes b.Flashes
            && a.ExpiresAt.UtcTicks = b.ExpiresAt.UtcTicks
            && alike a.Owner b.Owner
            && alike a.Claims b.Claims
            && alike a.Label b.Label
            && alike a.Client b.Client
            && alike a.Rotation b.Rotation
            && alike a.Device b.Device
            && a.CreatedAt.UtcTicks = b.CreatedAt.UtcTicks
            && alike a.SignedInAt b.SignedInAt)

    /// How many characters values and flashes have, with their names, if there is nothing else; otherwise -1. Quick.
    let private plainLength (state: SessionState) : int =
        if
            state.Owner.IsSome
            || state.Label.IsSome
            || state.Client.IsSome
            || not state.Claims.IsEmpty
            || not state.Flashes.IsEmpty
        then
            -1
        else
            state.Values |> Map.fold (fun sum key json -> sum + key.Length + json.Length) 0

    /// The texts of a client.
    let clientTexts (client: SessionClient option) : string list =
        match client with
        | Some client -> Option.toList client.Address @ Option.toList client.Agent
        | None -> []

    /// The size in bytes of UTF-8 of all that the application put in: values, flashes, owner, claims, label and client,
    /// with their names.
    let bytes (state: SessionState) : int =
        let text (s: string) = JsonText.bytes s
        let values = state.Values |> Map.fold (fun sum key json -> sum + text key + text json) 0
        let flashes = state.Flashes |> List.sumBy (fun flash -> text flash.Key + text flash.Json)

        let claims =
            state.Claims |> Map.fold (fun sum name values -> sum + text name + List.sumBy text values) 0

        let optional = Option.fold (fun sum s -> sum + text s)
        let client = clientTexts state.Client |> List.sumBy text
        optional (optional (values + flashes + claims + client) state.Owner) state.Label

    /// Whether the state certainly has at most so many bytes. A character takes at most three, and most
    /// states are so small that counting characters is enough.
    let isSmall (most: int) (state: SessionState) : bool =
        match plainLength state with
        | -1 -> false
        | length -> length <= most / 3

    /// The key whose value or flashes take the most bytes, and the number of bytes.
    let largest (state: SessionState) : (string * int) option =
        let values = state.Values |> Map.toList |> List.map (fun (key, json) -> key, JsonText.bytes json)

        let flashes =
            state.Flashes
            |> List.groupBy _.Key
            |> List.map (fun (key, queued) -> key, queued |> List.sumBy (fun flash -> JsonText.bytes flash.Json))

        match values @ flashes with
        | [] -> None
        | sizes -> Some(List.maxBy snd sizes)
