namespace Runa.Session

open System
open Microsoft.AspNetCore.Http

/// What an offer needs from the sessions of its request.
[<AllowNullLiteral>]
type internal IOfferHost =
    abstract Context: HttpContext
    /// Whether the request has ended.
    abstract HasEnded: bool
    /// The scope of the session with this name. Creates it if it is missing, and opens it if it is offered.
    abstract Find: name: string -> SessionScope

/// What a middleware offers, in every request: a session, and for which requests.
[<Sealed>]
type internal OfferedSession(name: string, isFor: Func<HttpContext, bool> | null) =
    member _.Name = name

    /// Whether this session is offered to this request. Called when somebody asks for the session.
    member _.Covers(context: HttpContext, asked: string) : bool =
        asked = name
        && (match isFor with
            | null -> true
            | isFor -> isFor.Invoke context)

/// Offers a session, as an open scope, to the code that runs until the offer is disposed. The scope is created when
/// somebody asks for the session, so a request in which nobody does costs almost nothing. Get an offer by
/// `context.OfferSession`.
[<Sealed>]
type SessionOffer
    internal (host: IOfferHost, offered: OfferedSession, policy: Func<ScopePolicy> | null, outer: SessionOffer | null) =
    let mutable scope: SessionScope | null = null
    let mutable opening = Unchecked.defaultof<ScopeOpening>
    let mutable isEnded = false

    /// Called when the scope was created or exists already. Opens it once for each offer of its session.
    member internal _.Open(made: SessionScope) : unit =
        match outer with
        | null -> ()
        | outer -> outer.Open made

        // Opening and closing it for an offer that has ended would drop what was set under another one.
        let isOfAnother = isEnded && (made.IsOpen || made.IsChanged)

        if isNull scope && not isOfAnother && offered.Covers(host.Context, made.Name) then
            scope <- made

            let policy =
                match policy with
                | null -> null
                | policy -> policy.Invoke()

            opening <- made.Open policy

            if isEnded then
                opening.Dispose()

    /// The name under which the session is registered.
    member _.Name = offered.Name

    /// The request.
    member _.Context = host.Context

    /// Whether anybody has asked for the session.
    member _.IsAsked = not (isNull scope)

    /// The scope of the session. Creates it if nobody has asked for the session before. Raises
    /// InvalidOperationException if nobody did before the request ended.
    member _.Scope: SessionScope =
        match scope with
        | null ->
            if host.HasEnded then
                raise (RequestFacts.ended offered.Name)

            host.Find offered.Name
        | scope -> scope

    /// Ends the offer and drops what was set but not committed. To keep it, call Scope.Commit first, if IsAsked is
    /// true.
    member _.Dispose() =
        if not isEnded then
            isEnded <- true

            if not (isNull scope) then
                opening.Dispose()

    interface IDisposable with
        member offer.Dispose() = offer.Dispose()
