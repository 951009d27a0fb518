namespace Runa.Session

open System

/// Where a session stands when a request loads it.
[<RequireQualifiedAccess>]
type SessionStatus =
    /// The browser has no session under this name.
    | New
    /// Loaded from the store.
    | Active
    /// The browser's token is genuine, its session is gone: expired, ended or revoked. The value is empty.
    | Expired

/// A stored value that its key cannot read.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DecodeError =
    {
        /// The name of the key.
        Key: string
        /// The type it was read as.
        Type: string
        /// What the codec says; it may contain parts of the value, so it is neither logged nor printed.
        Reason: string
    }

    member internal Display: string

/// A change of one key's value that can be computed again from another session's value.
[<ReferenceEquality>]
type internal Replay = { Key: string; Run: SessionState -> SessionState }

/// What a step asked for beyond the values themselves.
and internal SessionChange =
    {
        Regenerated: bool
        Destroyed: bool
        /// Merged, it removes what another request added too.
        Cleared: bool
        /// The ids of the flashes that were taken.
        Taken: int64 list
        Lifetime: TimeSpan voption
        /// What was computed from a value that was there, newest first: merged, it is computed again from the newer value.
        Replays: Replay list
    }

    static member None: SessionChange

/// What a session was made from: one load of one request. A step's result must be made from the origin it was given.
[<AbstractClass; AllowNullLiteral>]
type internal SessionOrigin =
    new: unit -> SessionOrigin
    abstract Name: string
    abstract Status: SessionStatus
    /// When it was loaded: the "now" of every function of Session.
    abstract Now: DateTimeOffset
    abstract Ttl: TimeSpan
    abstract MaxTtl: TimeSpan
    /// What it held when it was loaded.
    abstract State: SessionState
    /// Told of each value that its key cannot read.
    abstract Undecodable: DecodeError -> unit

/// The origin of sessions made by hand.
[<Sealed>]
type internal NoOrigin =
    inherit SessionOrigin
    new: name: string -> NoOrigin

/// An immutable session: its functions return a new one, which a handler hands back. Equality is by value.
[<Sealed>]
type Session =
    internal new: origin: SessionOrigin * state: SessionState * change: SessionChange -> Session
    member internal Origin: SessionOrigin
    member internal State: SessionState
    member internal Change: SessionChange
    interface IEquatable<Session>
