namespace Runa.Session

open System

/// An absolute end, as authentication names it, for Session.withLifetime, which counts from the sign-in.
module internal SessionEnd =
    /// Ends the session then, or at its MaxTtl if that is earlier. Raises ArgumentException for a moment that is over.
    let at (until: DateTimeOffset) (session: Session) : Session =
        if Instant.isUntil session.Origin.Now until then
            raise (
                ArgumentException
                    $"The session \"{Session.name session}\" is to end in the past: set AuthenticationProperties.ExpiresUtc to a later time."
            )

        Session.withLifetime (until - SessionState.startedAt session.State) session
