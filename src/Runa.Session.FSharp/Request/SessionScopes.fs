namespace Runa.Session

open System
open System.Runtime.CompilerServices
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Finds sessions that are asked for in time.
module internal ScopeInTime =
    /// The scope of a session. Raises InvalidOperationException without AddRunaSession, for a name that is not
    /// registered, and, with this advice, if this is the first session of the request and the response has started.
    let inline find ([<InlineIfLambda>] advice: string -> string) (context: HttpContext) (name: string) : SessionScope =
        let scope = (RequestSessions.Of context).Find name

        if scope.IsTooLate then
            raise (RequestFacts.tooLateFor name (advice name))

        scope

/// Gives access to the scopes of a request's sessions.
[<Extension; AbstractClass; Sealed>]
type SessionScopes =
    /// The scope of the session with this name. There is one for each request. Raises InvalidOperationException without
    /// AddRunaSession, and for a name that is not registered.
    [<Extension>]
    static member GetSessionScope(context: HttpContext, name: string) : SessionScope =
        (RequestSessions.Of context).Find name

    /// Like the other, but raises InvalidOperationException if this is the first session of the request and the response
    /// has started. The function gets the session's name, and returns what the message advises: "put
    /// app.UseShopSession(\"web\") before whatever writes".
    [<Extension>]
    static member GetSessionScope(context: HttpContext, name: string, advice: Func<string, string>) : SessionScope =
        ScopeInTime.find (fun name -> advice.Invoke name) context name

    /// Offers the session with this name until the result is disposed. Until then its scope is open; it is created when
    /// somebody asks for it. `policy` is called then, and may be null.
    [<Extension>]
    static member OfferSession(context: HttpContext, name: string, policy: Func<ScopePolicy> | null) : SessionOffer =
        (RequestSessions.Of context).Offer(OfferedSession(name, null), policy)

    /// The request of a scope. Raises InvalidOperationException for a scope of another host than ASP.NET Core.
    [<Extension>]
    static member GetHttpContext(scope: SessionScope) : HttpContext =
        match HostedScopes.host scope with
        | :? RequestSessions as sessions -> sessions.Context
        | _ -> raise (RequestFacts.otherHost scope.Name)
