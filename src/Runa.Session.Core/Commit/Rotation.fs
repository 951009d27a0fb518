namespace Runa.Session

open System

/// What the generation of a token says about the request that shows it.
[<Struct; RequireQualifiedAccess>]
type internal Shown =
    | Current
    /// The current generation, which nobody has shown before.
    | First
    /// The one before, and nobody has shown the current one: the answer with its cookie was lost.
    | Unanswered
    /// An older one, so short after the rotation that the request may have been on its way.
    | Late
    /// One that the store does not know of: a failover rolled it back.
    | Ahead
    /// An older one, long after the rotation: a copy.
    | Reused

/// When the token of a session is rotated, and what an older one means. Pure. docs/understand/commit.md has a table.
module internal Rotation =
    /// How long a request with an older token may arrive: 5 minutes for clocks that differ (promise 28), 1 for the network.
    let grace = SessionDriver.clockTolerance + TimeSpan.FromMinutes 1.

    /// How old the cookie of a rotation may be when the response starts. After that it could replace the cookie of a
    /// sign-in that was quicker.
    let flight = TimeSpan.FromSeconds 10.

    let generation (state: SessionState) : int =
        match state.Rotation with
        | Some rotation -> rotation.Generation
        | None -> 0

    /// `arrived`: when the request came, whose time counts rather than that of the load: a stream may load the session again
    /// hours later.
    let judge (arrived: DateTimeOffset) (state: SessionState) (shown: int) : Shown =
        let isLate (since: DateTimeOffset) = arrived.UtcTicks - since.UtcTicks < grace.Ticks

        match state.Rotation with
        | None -> if shown = 0 then Shown.Current else Shown.Ahead
        | Some rotation when shown > rotation.Generation -> Shown.Ahead
        | Some rotation when shown = rotation.Generation ->
            if rotation.SeenAt.IsSome then Shown.Current else Shown.First
        | Some rotation when shown = rotation.Generation - 1 ->
            match rotation.SeenAt with
            | None -> Shown.Unanswered
            | Some seen when isLate seen -> Shown.Late
            | Some _ -> Shown.Reused
        | Some rotation when isLate rotation.RotatedAt -> Shown.Late
        | Some _ -> Shown.Reused

    /// Whether a request that shows the current generation rotates it. Only sessions with an owner rotate.
    let isDue (now: DateTimeOffset) (every: TimeSpan) (state: SessionState) : bool =
        let isPast (since: DateTimeOffset) (time: TimeSpan) = now.UtcTicks - since.UtcTicks >= time.Ticks

        state.Owner.IsSome
        && match state.Rotation with
           | None -> isPast (SessionState.startedAt state) every
           | Some { SeenAt = None } -> false
           | Some { Generation = generation; RotatedAt = rotated; SeenAt = Some seen } ->
               isPast rotated every && isPast seen grace && generation < TokenLayout.mostGenerations

    /// The state under a new id, whose token has never been rotated.
    let none (state: SessionState) : SessionState =
        if state.Rotation.IsNone then state else { state with Rotation = None }

    /// The next generation, which nobody has shown yet.
    let next (now: DateTimeOffset) (state: SessionState) : SessionState =
        { state with Rotation = Some { Generation = generation state + 1; RotatedAt = now; SeenAt = None } }

    /// The current generation was shown for the first time.
    let seen (now: DateTimeOffset) (state: SessionState) : SessionState =
        { state with
            Rotation = state.Rotation |> Option.map (fun rotation -> { rotation with SeenAt = Some now }) }

    /// The store takes over the generation that it does not know of.
    let takeOver (now: DateTimeOffset) (shown: int) (state: SessionState) : SessionState =
        { state with Rotation = Some { Generation = shown; RotatedAt = now; SeenAt = Some now } }
