namespace Runa.Session

open System

/// When a session ends, and whose it is.
module internal SessionIdentity =
    let cleared (session: Session) (state: SessionState) (change: SessionChange) =
        Session(
            session.Origin,
            { state with Values = Map.empty; Flashes = [] },
            { change with Cleared = true; Replays = [] }
        )

    let signOut (session: Session) : Session =
        let origin = session.Origin
        Session(origin, SessionState.fresh origin.Now origin.Ttl, { SessionChange.None with Destroyed = true })

    let private capped (origin: SessionOrigin) (lifetime: TimeSpan) = min lifetime origin.MaxTtl

    let withLifetime (lifetime: TimeSpan) (session: Session) : Session =
        if lifetime <= TimeSpan.Zero then
            raise (ArgumentOutOfRangeException("lifetime", lifetime, "A session's lifetime must be more than zero."))

        let started = SessionState.startedAt session.State

        Session(
            session.Origin,
            { session.State with ExpiresAt = started + capped session.Origin lifetime },
            { session.Change with Lifetime = ValueSome lifetime }
        )

    let withExpiresAt (expiresAt: DateTimeOffset) (session: Session) : Session =
        if Instant.isUntil session.Origin.Now expiresAt then
            raise (
                ArgumentException(
                    $"The session \"{session.Origin.Name}\" is to end in the past: give a later time (for a sign-in, AuthenticationProperties.ExpiresUtc).",
                    nameof expiresAt
                )
            )

        withLifetime (expiresAt - SessionState.startedAt session.State) session

    /// By the time of this request. A sign-in in its future, by another machine's clock, is as far away as one in its past.
    let isFresh (maxAge: TimeSpan) (session: Session) : bool =
        match session.State.Owner, session.State.SignedInAt with
        | Some _, Some at -> (session.Origin.Now - at).Duration() <= maxAge
        | _ -> false

    let signInWith (owner: string) (claims: Map<string, string list>) (session: Session) : Session =
        if String.IsNullOrWhiteSpace owner then
            raise (ArgumentException("A session's owner is empty: pass the id of the user who signs in.", nameof owner))

        JsonText.checkUnicode (nameof owner) owner

        for KeyValue(claim, values) in claims do
            JsonText.checkUnicode "claim" claim
            values |> List.iter (JsonText.checkUnicode "claim")

        let origin = session.Origin

        // Promise 4. A new owner gets nothing that the previous one left.
        let session =
            match session.State.Owner with
            | Some before when before <> owner ->
                cleared session { session.State with Label = None; Client = None } session.Change
            | _ -> session

        let lifetime =
            match session.Change.Lifetime with
            | ValueSome lifetime -> capped origin lifetime
            | ValueNone -> origin.Ttl

        Session(
            origin,
            { session.State with
                Owner = Some owner
                Claims = claims
                CreatedAt = origin.Now
                SignedInAt = Some origin.Now
                LastSeenAt = origin.Now
                ExpiresAt = origin.Now + lifetime },
            { session.Change with Regenerated = true }
        )

    let reauthenticate (session: Session) : Session =
        match session.State.Owner with
        | None ->
            raise (
                InvalidOperationException
                    $"Nobody is signed in to the session \"{session.Origin.Name}\", so nobody can be authenticated again: call Session.signIn (in C#: SignIn)."
            )
        | Some owner ->
            let lifetime = session.State.ExpiresAt - SessionState.startedAt session.State
            let again = signInWith owner session.State.Claims session
            if lifetime = again.State.ExpiresAt - again.State.CreatedAt then
                again
            else
                withLifetime lifetime again
