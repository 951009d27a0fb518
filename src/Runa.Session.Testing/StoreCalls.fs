namespace Runa.Testing

open System

/// Calls of a driver.
[<Flags>]
type StoreCalls =
    /// Reading a session.
    | Load = 1
    /// Storing a new session, also one that moves to a new id.
    | Create = 2
    /// Storing a changed session.
    | Replace = 4
    /// Moving an idle end.
    | Touch = 8
    /// Ending sessions.
    | Delete = 16
    /// Listing and ending by owner, and what a sign-in asks about its owner.
    | Owners = 32
    /// Counting the sessions of a name.
    | Count = 64
    /// Asking whether the store answers, as health checks do.
    | Ping = 128
    /// Everything that writes a session.
    | Writes = 30
    /// Everything.
    | All = 255
