namespace Runa.Session

open System

/// One of an owner's sessions, for a list of devices.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedSession =
    {
        /// Identifies the session for SessionRegistry.revoke. It is not a token, and cannot be used as a cookie.
        Handle: string
        /// What a device list shows; Session.withLabel sets it.
        Label: string option
        /// The client's address and agent, which are personal data; Session.withClient sets them.
        Client: SessionClient option
        /// Whether the session is bound to its device.
        Device: SessionDevice
        /// When the session was created. A sign-in sets it anew.
        CreatedAt: DateTimeOffset
        /// When the owner signed in.
        SignedInAt: DateTimeOffset option
        /// When a request last stored something in the session. With an idle timeout reads move it, too, at most once a
        /// minute; without one they do not.
        LastSeenAt: DateTimeOffset
        /// The earlier of the idle and the absolute end.
        EndsAt: DateTimeOffset
    }

    member internal _.Display = "OwnedSession"

    /// Promise 5: the handle is not printed.
    override owned.ToString() = owned.Display

/// A part of an owner's sessions.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type OwnedSessionPage =
    {
        /// The live sessions of this page. It may be empty although another page follows.
        Items: OwnedSession list
        /// Where the next page begins: a text of the driver's own, which is good for this owner. None: this was the last page.
        Next: string option
    }

    member internal page.Display = $"OwnedSessionPage ({page.Items.Length} sessions)"
    override page.ToString() = page.Display
