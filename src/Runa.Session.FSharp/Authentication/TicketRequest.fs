namespace Runa.Session

open System
open System.Diagnostics
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Why a ticket is renewed.
[<RequireQualifiedAccess; Struct>]
type internal Renewal =
    /// Sliding expiration, or anything else that prolongs the ticket.
    | Late
    /// A sign-in while there is a ticket.
    | SignIn

/// Tells sign-ins of a request from its sliding renewals. Cookie authentication makes the same call for both, but
/// slides when the response starts, and signs in before.
[<Sealed>]
type internal TicketRequest() =
    let mutable isStarting = false
    let since = Stopwatch.GetTimestamp()
    static let start = Func<obj, Task>(fun it -> (it :?> TicketRequest).Start())

    member private _.Start() : Task =
        isStarting <- true
        Task.CompletedTask

    /// Called after each scheme has registered its callback for the start of the response. Callbacks run in reverse
    /// order, so this one runs before the scheme's. Returns when this request first looked at a ticket, as a Stopwatch
    /// timestamp.
    static member Watch(context: HttpContext) : int64 =
        let request =
            match context.Features.Get<TicketRequest>() with
            | null ->
                let request = TicketRequest()
                context.Features.Set request
                request
            | request -> request

        if not context.Response.HasStarted then
            context.Response.OnStarting(start, request)

        request.Since

    static member SinceIn(context: HttpContext) : int64 =
        match context.Features.Get<TicketRequest>() with
        | null -> Stopwatch.GetTimestamp()
        | request -> request.Since

    static member RenewalIn(context: HttpContext) : Renewal =
        match context.Features.Get<TicketRequest>() with
        | null -> Renewal.Late
        | request when request.IsStarting -> Renewal.Late
        | _ -> Renewal.SignIn

    member private _.IsStarting = isStarting
    member private _.Since = since
