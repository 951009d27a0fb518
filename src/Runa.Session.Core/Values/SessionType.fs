namespace Runa.Session

open System
open System.Text.Json

[<RequireQualifiedAccess>]
type SessionStatus =
    | New
    | Active
    | Expired
    | Taken
    | Unproven

    member status.HasEnded =
        match status with
        | SessionStatus.Expired
        | SessionStatus.Taken -> true
        | SessionStatus.New
        | SessionStatus.Active
        | SessionStatus.Unproven -> false

    /// Written out, as F#'s own ToString needs reflection, which native AOT does not have.
    override this.ToString() =
        match this with
        | SessionStatus.New -> "New"
        | SessionStatus.Active -> "Active"
        | SessionStatus.Expired -> "Expired"
        | SessionStatus.Taken -> "Taken"
        | SessionStatus.Unproven -> "Unproven"

[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type DecodeError =
    { Key: string
      Type: string
      Reason: string }

    member internal error.Display = $"DecodeError: \"{error.Key}\" is not a {error.Type}"

    /// Promise 5: leaves out the reason, which may contain parts of the value.
    override error.ToString() = error.Display

[<ReferenceEquality>]
type internal Replay = { Key: string; Run: SessionState -> SessionState }

and internal SessionChange =
    { Regenerated: bool
      Destroyed: bool
      Cleared: bool
      Taken: int64 list
      Lifetime: TimeSpan voption
      Replays: Replay list }

    static member val None: SessionChange =
        { Regenerated = false
          Destroyed = false
          Cleared = false
          Taken = []
          Lifetime = ValueNone
          Replays = [] }

module private SessionChange =
    /// Functions cannot be compared: replays count as equal if they have the same keys in the same order.
    let same (a: SessionChange) (b: SessionChange) =
        a.Regenerated = b.Regenerated
        && a.Destroyed = b.Destroyed
        && a.Cleared = b.Cleared
        && a.Taken = b.Taken
        && a.Lifetime = b.Lifetime
        && List.map _.Key a.Replays = List.map _.Key b.Replays

[<AbstractClass; AllowNullLiteral>]
type internal SessionOrigin() =
    abstract Name: string
    abstract Status: SessionStatus
    abstract Now: DateTimeOffset
    abstract Ttl: TimeSpan
    abstract MaxTtl: TimeSpan
    abstract State: SessionState
    abstract Json: JsonSerializerOptions | null
    abstract Undecodable: DecodeError -> unit

/// The origin of sessions that no request loaded, as in unit tests.
[<Sealed>]
type internal NoOrigin(name: string) =
    inherit SessionOrigin()
    let state = SessionState.fresh DateTimeOffset.UnixEpoch (TimeSpan.FromHours 2.)
    override _.Name = name
    override _.Status = SessionStatus.New
    override _.Now = DateTimeOffset.UnixEpoch
    override _.Ttl = TimeSpan.FromHours 2.
    override _.MaxTtl = TimeSpan.FromDays 30.
    override _.State = state
    override _.Json = null
    override _.Undecodable _ = ()

[<Sealed; StructuredFormatDisplay("{Display}")>]
type Session internal (origin: SessionOrigin, state: SessionState, change: SessionChange) =
    member internal _.Origin = origin
    member internal _.State = state
    member internal _.Change = change

    member private _.Display = $"Session \"{origin.Name}\" ({origin.Status})"

    /// Promise 5: prints the name and the status, but no id and no value.
    override session.ToString() = session.Display

    interface IEquatable<Session> with
        member session.Equals other =
            match other with
            | null -> false
            | other ->
                Object.ReferenceEquals(session, other)
                || (origin.Name = other.Origin.Name
                    && origin.Status = other.Origin.Status
                    && state = other.State
                    && SessionChange.same change other.Change)

    override session.Equals(other: objnull) =
        match other with
        | :? Session as other -> (session :> IEquatable<Session>).Equals other
        | _ -> false

    override _.GetHashCode() = HashCode.Combine(origin.Name, origin.Status, state.Values)
