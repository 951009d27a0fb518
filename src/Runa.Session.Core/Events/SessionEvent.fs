namespace Runa

open System

/// What happened to a session, or to an attempt to use one. docs/run/events.md says when each is told.
type SessionEventKind =
    /// A session was stored for the first time.
    | Created = 0
    /// An owner signed in, or was authenticated again.
    | SignedIn = 1
    /// An owner's session ended by its own request.
    | SignedOut = 2
    /// A session without an owner ended by its own request.
    | Ended = 3
    /// A session changed its id without a sign-in.
    | Regenerated = 4
    /// One session of an owner was ended by its handle.
    | RevokedOne = 5
    /// All other sessions of an owner were ended from one of them.
    | RevokedOthers = 6
    /// All sessions of an owner were ended.
    | RevokedOwner = 7
    /// All sessions of a name were ended.
    | RevokedAll = 8
    /// A sign-in ended an owner's oldest session, because of max_sessions.
    | EndedByLimit = 9
    /// A sign-in was refused, because of max_sessions.
    | SignInRefused = 10
    /// A sweep removed sessions that had expired. Stores that expire by themselves tell nothing.
    | Expired = 11
    /// The driver memory was full and ended sessions of signed-in users.
    | Evicted = 12
    /// A change was given up, because other requests were first.
    | ConflictGivenUp = 13
    /// A cookie had the form of a token, but none of the application's secrets had signed it.
    | ForgedToken = 14
    /// A stored value could not be read by its key.
    | Undecodable = 15
    /// A stored session could not be read.
    | Unreadable = 16
    /// A token was used long after it had been exchanged, or a proof of the session's device was signed with another key: a
    /// copy of the cookies may have been stolen.
    | TheftSuspected = 17

/// One event. It contains no id, no token and no value, but it names the owner: keep that out of logs, or use the audit log,
/// which hashes it.
[<Sealed>]
type SessionEvent
    internal
    (
        kind: SessionEventKind,
        time: DateTimeOffset,
        session: string | null,
        driver: string,
        owner: string | null,
        handle: string | null,
        count: int
    ) =
    /// What happened.
    member _.Kind: SessionEventKind = kind

    /// When it was noticed.
    member _.Time: DateTimeOffset = time

    /// The name of the session. Null for Expired and Evicted, which concern a driver.
    member _.Session: string | null = session

    /// The name of its driver.
    member _.Driver: string = driver

    /// The owner. Null: the session has none, or it is not known.
    member _.Owner: string | null = owner

    /// The handle under which the owner's list shows the session. Null: it has none, or several sessions are meant.
    member _.Handle: string | null = handle

    /// How many sessions, values or tokens are meant: at least 1.
    member _.Count: int = count

    /// Promise 5: neither the owner nor the handle.
    override _.ToString() = $"SessionEvent {kind} ({count})"

namespace Runa.Session

/// One event. It contains no id, no token and no value, but it names the owner.
type SessionEvent = Runa.SessionEvent

/// What happened to a session, or to an attempt to use one.
type SessionEventKind = Runa.SessionEventKind
