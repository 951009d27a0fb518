namespace Runa.Session

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Http

/// The scopes of a request's sessions.
[<Extension; AbstractClass; Sealed>]
type SessionScopes =
    /// The scope of the session of this name in the request: each request has one. Raises InvalidOperationException where
    /// sessions are not configured (AddRunaSession), and for a name that is not registered.
    [<Extension>]
    static member GetSessionScope(context: HttpContext, name: string) : SessionScope =
        (RequestSessions.Of context).Find name

    /// Offers the session of this name to what runs until the answer is disposed: its scope is open there, and is made when
    /// somebody asks for it. The policy is asked for then, and may be null.
    [<Extension>]
    static member OfferSession(context: HttpContext, name: string, policy: Func<ScopePolicy> | null) : SessionOffer =
        (RequestSessions.Of context).Offer(name, policy)
