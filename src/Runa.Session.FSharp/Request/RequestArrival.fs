namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// When a request arrived. A feature of its own, since few requests have a session that asks for it.
[<Sealed>]
type internal RequestArrival(at: DateTimeOffset) =
    member _.At = at

    static member private Note(context: HttpContext, host: SessionHost) : RequestArrival =
        let arrival = RequestArrival(HostedRegistry.now host.Registry)
        Features.set<RequestArrival> context.Features arrival
        arrival

    /// The request arrives now, unless another context of it did before.
    static member Begin(context: HttpContext, host: SessionHost | null) : unit =
        match host with
        | NonNull host when host.NeedsArrival -> RequestArrival.Of(context, host) |> ignore
        | _ -> ()

    /// Without the library's first middleware, a request arrives when it first asks.
    static member Of(context: HttpContext, host: SessionHost) : DateTimeOffset =
        match Features.tryGet<RequestArrival> context.Features with
        | null -> RequestArrival.Note(context, host).At
        | arrival -> arrival.At
