namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// When a request arrived. A feature of its own, since few applications have a session that asks for it.
[<Sealed>]
type internal RequestArrival(at: DateTimeOffset) =
    static let key = obj ()

    member _.At = at

    /// The arrival of the request of which this context is a copy. Without WebSockets, SignalR calls a hub with a copy of the
    /// first poll, hours later perhaps. It has the items and cookies of the poll, but not its features.
    static member private OfOriginal(context: HttpContext) : RequestArrival | null =
        match context.Items.TryGetValue key with
        | true, (:? RequestArrival as arrival) -> arrival
        | _ -> null

    static member private Note(context: HttpContext, host: SessionHost) : RequestArrival =
        let arrival =
            match RequestArrival.OfOriginal context with
            | null -> RequestArrival(HostedRegistry.now host.Registry)
            | arrival -> arrival

        Features.set<RequestArrival> context.Features arrival

        // Polls have a query.
        if context.Request.QueryString.HasValue then
            context.Items[key] <- arrival

        arrival

    /// Without the library's first middleware, a request arrives when it first asks.
    static member Of(context: HttpContext, host: SessionHost) : DateTimeOffset =
        match Features.tryGet<RequestArrival> context.Features with
        | null -> RequestArrival.Note(context, host).At
        | arrival -> arrival.At

    /// The request arrives now, unless another context of it did before.
    static member Begin(context: HttpContext, host: SessionHost | null) : unit =
        // Not by the pattern NonNull, which would allocate in every request.
        match host with
        | null -> ()
        | host when host.NeedsArrival -> RequestArrival.Of(context, host) |> ignore
        | _ -> ()
