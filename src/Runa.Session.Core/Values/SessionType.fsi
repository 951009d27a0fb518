namespace Runa.Session

open System
open System.Text.Json

/// What a request finds when it loads a session.
[<RequireQualifiedAccess>]
type SessionStatus =
    /// The browser has no session of this name.
    | New
    /// The session exists and was loaded.
    | Active
    /// The browser's token is genuine, but its session is gone: expired, ended or revoked. The session value is empty.
    | Expired
    /// The browser's token is genuine, but a copy of it was used: the session was ended, or this request shows the copy. The
    /// session value is empty.
    | Taken
    /// The session is bound to a device, or must be (setting DeviceBound), and this request does not come from that device, as
    /// far as is known. The session value is empty, and a change other than a sign-in or sign-out cannot be saved.
    | Unproven

    /// Whether the browser had a session, and it is gone: Expired or Taken.
    member HasEnded: bool

/// A stored value that its key cannot read.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DecodeError =
    {
        /// The name of the key.
        Key: string
        /// The type that was expected.
        Type: string
        /// What the codec reports. It may contain parts of the value, so it is neither logged nor printed.
        Reason: string
    }

    member internal Display: string

/// A change to one key's value that can be computed again from a newer value.
[<ReferenceEquality>]
type internal Replay = { Key: string; Run: SessionState -> SessionState }

/// What a step asked for beyond the values themselves.
and internal SessionChange =
    {
        Regenerated: bool
        Destroyed: bool
        /// In a merge, it also removes what another request has added.
        Cleared: bool
        /// The ids of the flashes that the step took.
        Taken: int64 list
        Lifetime: TimeSpan voption
        /// Changes computed from a stored value, newest first. A merge computes them again from the newer value.
        Replays: Replay list
    }

    static member None: SessionChange

/// What a session was made from: one load of one request. A step's result must have the same origin as the session that
/// the step was given.
[<AbstractClass; AllowNullLiteral>]
type internal SessionOrigin =
    new: unit -> SessionOrigin
    abstract Name: string
    abstract Status: SessionStatus
    /// When the session was loaded. Every function of Session takes this as the current time.
    abstract Now: DateTimeOffset
    abstract Ttl: TimeSpan
    abstract MaxTtl: TimeSpan
    /// What the session held when it was loaded.
    abstract State: SessionState
    /// The JSON options of the application, with a resolver and read-only. Null: it has none.
    abstract Json: JsonSerializerOptions | null
    /// Reports a value that its key cannot read.
    abstract Undecodable: DecodeError -> unit

/// The origin of sessions that no request loaded, as in unit tests.
[<Sealed>]
type internal NoOrigin =
    inherit SessionOrigin
    new: name: string -> NoOrigin

/// An immutable session. The functions of the module Session return a new one, which a handler hands back. Equality is
/// by value.
[<Sealed>]
type Session =
    internal new: origin: SessionOrigin * state: SessionState * change: SessionChange -> Session
    member internal Origin: SessionOrigin
    member internal State: SessionState
    member internal Change: SessionChange
    interface IEquatable<Session>
