namespace Runa.Testing

open System
open System.Collections.Generic
open System.Security.Claims
open Runa
open Runa.Session

/// What the store holds for a cookie, for assertions in C#. To read it takes no flash and moves no idle end.
[<Sealed>]
type CommittedSession internal (session: Session) =
    /// The session as F# has it.
    member _.Session: Session = session

    /// Whether the store holds a living session for the cookie.
    member _.IsActive: bool = (Session.status session = SessionStatus.Active)

    /// Whether the cookie is genuine, but its session is gone: it was signed out, revoked, moved to a new id, or has
    /// expired.
    member _.IsExpired: bool = (Session.status session = SessionStatus.Expired)

    /// The user who is signed in. Null: nobody is.
    member _.Owner: string | null = Option.toObj (Session.owner session)

    /// What is known about the owner.
    member _.Claims: IReadOnlyList<Claim> =
        [| for KeyValue(claimType, values) in Session.claims session do
               for value in values do
                   Claim(claimType, value) |]

    /// What a list of devices shows. Null: nothing was set.
    member _.Label: string | null = Option.toObj (Session.label session)

    /// The client's address. Null: none was set.
    member _.Address: string | null = Session.client session |> Option.bind _.Address |> Option.toObj

    /// The client's agent. Null: none was set.
    member _.Agent: string | null = Session.client session |> Option.bind _.Agent |> Option.toObj

    /// The absolute end.
    member _.ExpiresAt: DateTimeOffset = Session.expiresAt session

    /// The names of the keys that have a value, in ordinal order.
    member _.Keys: IReadOnlyList<string> = Session.keys session

    /// The value. Raises KeyNotFoundException if there is none, and InvalidDataException if it is not of this type.
    member _.Get<'T>(key: SessionKey<'T>) : 'T =
        ArgumentNullException.ThrowIfNull(key, nameof key)

        match Session.decode key session with
        | Ok(Some value) -> value
        | Ok None ->
            let keys = String.Join(", ", Session.keys session)
            raise (
                KeyNotFoundException
                    $"The session \"{Session.name session}\" has no value \"{key.Name}\". It has: {keys}."
            )
        | Error error ->
            raise (IO.InvalidDataException $"The value \"{error.Key}\" is not a {error.Type}: {error.Reason}")

    /// The value. Raises what the other raises, and ArgumentException if the key is empty.
    member this.Get<'T>(key: string) : 'T =
        ArgumentException.ThrowIfNullOrEmpty(key, nameof key)
        this.Get(SessionKey<'T> key)

    /// Whether there is a value under this key.
    member _.Has(key: string) : bool = List.contains key (Session.keys session)

    /// The values that are queued under the key, oldest first.
    member _.Flashes<'T>(key: SessionKey<'T>) : IReadOnlyList<'T> =
        ArgumentNullException.ThrowIfNull(key, nameof key)
        let values, _ = Session.takeFlashes key session
        values

    /// The values that are queued under the key, oldest first.
    member this.Flashes<'T>(key: string) : IReadOnlyList<'T> =
        ArgumentException.ThrowIfNullOrEmpty(key, nameof key)
        this.Flashes(SessionKey<'T> key)

    /// All values as one JSON object.
    member _.ToJson() : string = Session.toJson session

    override _.ToString() = string session
