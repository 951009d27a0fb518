namespace Runa.Session

open System

/// Sets a session's absolute end to a point in time, as authentication needs it. Session.withLifetime takes a duration
/// from the sign-in.
module internal SessionEnd =
    /// Ends the session at this time, or at its MaxTtl if that is earlier. Raises ArgumentException for a time in the
    /// past.
    let at (until: DateTimeOffset) (session: Session) : Session =
        if Instant.isUntil session.Origin.Now until then
            raise (
                ArgumentException
                    $"The session \"{Session.name session}\" is to end in the past: set AuthenticationProperties.ExpiresUtc to a later time."
            )

        Session.withLifetime (until - SessionState.startedAt session.State) session
