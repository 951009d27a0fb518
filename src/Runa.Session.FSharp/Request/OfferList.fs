namespace Runa.Session

open System
open Runa.Session.Hosting

/// The offers of a request. Most requests have one, which is kept here: it costs no object of its own.
[<Struct; NoComparison; NoEquality>]
type internal OfferList =
    val mutable private first: OfferedSession | null
    val mutable private opening: ScopeOpening
    val mutable private isFirstEnded: bool
    /// The latest offer after the first.
    val mutable private latest: SessionOffer | null

    /// Opens the scope if the first offer covers it, even if that has ended: then the scope has ended too.
    member private offers.OpenFirst(host: IOfferHost, made: SessionScope) =
        match offers.first with
        | null -> ()
        | first ->
            if first.Covers(host.Context, made.Name) then
                offers.opening <- made.Open null

                if offers.isFirstEnded then
                    offers.opening.Dispose()

    /// Opens a new scope for every offer that covers it, the earliest first.
    member offers.Open(host: IOfferHost, made: SessionScope) =
        offers.OpenFirst(host, made)

        match offers.latest with
        | null -> ()
        | offer -> offer.Open made

    /// Begins an offer. `made`: the scope of its session, if there is one.
    member offers.Add
        (host: IOfferHost, offered: OfferedSession, policy: Func<ScopePolicy> | null, made: SessionScope | null)
        : SessionOffer =
        let offer = new SessionOffer(host, offered, policy, offers.latest)
        offers.latest <- offer

        match made with
        | null -> ()
        | made -> offer.Open made

        offer

    /// Begins an offer without a policy. Returns null for the first of the request, which Leave then ends.
    member offers.Enter(host: IOfferHost, offered: OfferedSession, made: SessionScope | null) : SessionOffer | null =
        if isNull offers.first && isNull offers.latest then
            offers.first <- offered

            match made with
            | null -> ()
            | made -> offers.OpenFirst(host, made)

            null
        else
            offers.Add(host, offered, null, made)

    /// The scope that was asked for under an offer, if something was set in it and not committed.
    member offers.Changed(offer: SessionOffer | null) : SessionScope | null =
        let scope =
            match offer with
            | null -> offers.opening.Scope
            | offer -> if offer.IsAsked then offer.Scope else null

        match scope with
        | null -> null
        | scope -> if scope.IsChanged then scope else null

    /// Ends an offer, and drops what was set but not committed.
    member offers.Leave(offer: SessionOffer | null) =
        match offer with
        | null ->
            offers.isFirstEnded <- true
            offers.opening.Dispose()
        | offer -> offer.Dispose()
