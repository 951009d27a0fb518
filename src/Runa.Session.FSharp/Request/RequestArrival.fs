namespace Runa.Session

open System
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// When a request arrived. Without WebSockets, SignalR calls a hub with a copy of the first poll's context, hours later perhaps.
/// The copy has the items and the query of the poll, but not its features.
module private Polls =
    let private key = obj ()

    let arrival (context: HttpContext) (host: SessionHost) : DateTimeOffset =
        match context.Items.TryGetValue key with
        | true, (:? DateTimeOffset as at) -> at
        | _ ->
            let at = HostedRegistry.now host.Registry
            context.Items[key] <- at
            at

/// When a request arrived: when it is first asked for, unless its context is a copy of one that did before.
[<Struct; NoComparison; NoEquality>]
type internal RequestArrival =
    /// In UTC ticks; 0: nobody has asked yet.
    val mutable private ticks: int64

    member arrival.At(context: HttpContext, host: SessionHost) : DateTimeOffset =
        if arrival.ticks = 0L then
            let at =
                if context.Request.QueryString.HasValue then
                    Polls.arrival context host
                else
                    HostedRegistry.now host.Registry

            arrival.ticks <- at.UtcTicks

        DateTimeOffset(arrival.ticks, TimeSpan.Zero)
