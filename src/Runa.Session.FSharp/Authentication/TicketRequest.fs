namespace Runa.Session

open System
open System.Diagnostics
open System.Threading.Tasks
open Microsoft.AspNetCore.Http

/// Who asks to renew a ticket.
[<RequireQualifiedAccess; Struct>]
type internal Renewal =
    /// Sliding expiration, or whatever keeps alive what is there.
    | Late
    /// A sign-in where a ticket is.
    | SignIn

/// Tells sign-ins of one request from its sliding renewals, which cookie authentication asks for by the same call: it
/// slides when the response starts, and signs in before.
[<Sealed>]
type internal TicketRequest() =
    let mutable isStarting = false
    let since = Stopwatch.GetTimestamp()
    static let start = Func<obj, Task>(fun it -> (it :?> TicketRequest).Start())

    member private _.Start() : Task =
        isStarting <- true
        Task.CompletedTask

    /// Called after each scheme has asked to be told of the start: callbacks run in reverse order, so that this one runs
    /// before that scheme's.
    /// Answers when this request first looked at a ticket, as Stopwatch counts.
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
