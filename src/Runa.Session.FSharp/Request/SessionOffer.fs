namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// The sessions of the request in which an offer is made.
[<AllowNullLiteral>]
type internal IOfferHost =
    abstract Context: HttpContext
    /// The server took the context back.
    abstract HasEnded: bool
    /// The scope of the session of this name; makes it, and opens it where it is offered.
    abstract Find: name: string -> SessionScope

/// Offers a session to what runs until it is disposed: as an open scope, which is made when somebody asks for the session.
/// A request in which nobody does costs next to nothing. Get it by `context.OfferSession`.
[<Sealed>]
type SessionOffer
    internal (host: IOfferHost, name: string, policy: Func<ScopePolicy> | null, outer: SessionOffer | null) =
    let mutable scope: SessionScope | null = null
    let mutable before = ScopeState.Closed
    let mutable isEnded = false

    /// The scope was made, or is there: opens it, as often as it is offered.
    member internal _.Open(made: SessionScope) : unit =
        match outer with
        | null -> ()
        | outer -> outer.Open made

        if isNull scope && made.Name = name then
            scope <- made

            let policy =
                match policy with
                | null -> null
                | policy -> policy.Invoke()

            before <- made.Begin policy

            if isEnded then
                made.Close before

    /// The name that the session is registered under.
    member _.Name = name

    /// The request.
    member _.Context = host.Context

    /// Whether anybody has asked for the session.
    member _.IsAsked = not (isNull scope)

    /// The scope of the session; makes it where nobody has asked for the session before. Raises InvalidOperationException
    /// where the request has ended without that.
    member _.Scope: SessionScope =
        match scope with
        | null ->
            if host.HasEnded then
                raise (RequestFacts.ended name)

            host.Find name
        | scope -> scope

    /// Drops what was set and is not committed: an exception passes through. Commit before, where anybody has asked for it.
    member _.Dispose() =
        if not isEnded then
            isEnded <- true

            match scope with
            | null -> ()
            | scope -> scope.Close before

    interface IDisposable with
        member offer.Dispose() = offer.Dispose()
