namespace Runa.Testing

open System
open System.Collections.Generic
open System.Security.Claims
open Runa
open Runa.Session

/// What a session is to hold when a test begins, for C#. Each method returns this object, so that calls can be chained.
[<Sealed>]
type PreparedSession internal () =
    let mutable step: Session -> Session = id

    member private this.Then(next: Session -> Session) : PreparedSession =
        step <- step >> next
        this

    member internal _.Step = step

    /// Sets a value. Raises ArgumentNullException if the key is null.
    member this.Set<'T>(key: SessionKey<'T>, value: 'T) : PreparedSession =
        ArgumentNullException.ThrowIfNull(key, nameof key)
        this.Then(Session.set key value)

    /// Sets a value. Raises ArgumentException if the key is empty.
    member this.Set<'T>(key: string, value: 'T) : PreparedSession =
        ArgumentException.ThrowIfNullOrEmpty(key, nameof key)
        this.Then(Session.set (SessionKey<'T> key) value)

    /// Queues a value for the next request that takes it.
    member this.Flash<'T>(key: SessionKey<'T>, value: 'T) : PreparedSession =
        ArgumentNullException.ThrowIfNull(key, nameof key)
        this.Then(Session.flash key value)

    /// Queues a value for the next request that takes it.
    member this.Flash<'T>(key: string, value: 'T) : PreparedSession =
        ArgumentException.ThrowIfNullOrEmpty(key, nameof key)
        this.Then(Session.flash (SessionKey<'T> key) value)

    /// Signs this owner in.
    member this.SignIn(owner: string, [<ParamArray>] claims: Claim[]) : PreparedSession =
        ArgumentNullException.ThrowIfNull(owner, nameof owner)
        ArgumentNullException.ThrowIfNull(claims, nameof claims)
        let kept = SessionPrincipal.claims owner (ClaimsPrincipal(ClaimsIdentity claims))
        this.Then(Session.signInWith owner kept)

    /// Sets what a list of devices shows.
    member this.Label(label: string) : PreparedSession = this.Then(Session.withLabel label)

    /// Sets the address and the agent of the client. Null: unknown.
    member this.Client(address: string | null, agent: string | null) : PreparedSession =
        this.Then(Session.withClient (Option.ofObj address) (Option.ofObj agent))

    /// Sets the absolute lifetime.
    member this.Lifetime(lifetime: TimeSpan) : PreparedSession = this.Then(Session.withLifetime lifetime)
