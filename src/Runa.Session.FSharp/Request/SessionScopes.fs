namespace Runa.Session

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
