namespace Runa.Session

open System

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
        EndsAt: DateTimeOffset
    }

    member internal _.Display = "OwnedSession"

    /// Promise 5: the handle is not printed.
    override owned.ToString() = owned.Display
