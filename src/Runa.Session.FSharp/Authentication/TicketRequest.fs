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

/// Where the ticket of a key is, after what a request did.
[<RequireQualifiedAccess; Struct>]
type internal TicketKey =
    | Unchanged
    | Moved of key: string
    /// The renewal came too late.
    | Gone

/// Tells sign-ins of a request from its sliding renewals. Cookie authentication makes the same call for both, but
/// slides when the response starts, and signs in before. Knows also which keys were exchanged: cookie authentication
/// keeps a key for the whole request.
[<Sealed>]
type internal TicketRequest() =
    let mutable isStarting = false
    let mutable keys: Map<string, TicketKey> = Map.empty
    let since = Stopwatch.GetTimestamp()
    static let start = Func<obj, Task>(fun it -> (it :?> TicketRequest).Start())

    member private _.Start() : Task =
        isStarting <- true
        Task.CompletedTask

    /// Null: the request has not looked at a ticket.
    static member Find(context: HttpContext) : TicketRequest | null = context.Features.Get<TicketRequest>()

    /// The request, which first looks at a ticket now if it has not before.
    static member In(context: HttpContext) : TicketRequest =
        match TicketRequest.Find context with
        | null ->
            let request = TicketRequest()
            context.Features.Set request
            request
        | request -> request

    /// Called after each scheme has registered its callback for the start of the response. Callbacks run in reverse
    /// order, so this one runs before the scheme's. Returns when this request first looked at a ticket, as a Stopwatch
    /// timestamp.
    static member Watch(context: HttpContext) : int64 =
        let request = TicketRequest.In context

        if not context.Response.HasStarted then
            context.Response.OnStarting(start, request)

        request.Since

    /// When this request first looked at a ticket, as a Stopwatch timestamp.
    member _.Since = since

    /// Why a ticket is renewed now.
    member _.Renewal: Renewal = if isStarting then Renewal.Late else Renewal.SignIn

    /// What the browser is to delete if this request signs out, as the header Clear-Site-Data names it.
    member val Clears: string list = [] with get, set

    /// Whether a cookie that the scheme writes may hold a key that is no longer right.
    member _.HasExchanged: bool = not keys.IsEmpty

    /// Where the ticket is now of a key that the browser sent, or that this request has made.
    member _.Find(key: string) : TicketKey = keys |> Map.tryFind key |> Option.defaultValue TicketKey.Unchanged

    /// The key under which the ticket is stored now.
    member request.Current(key: string) : string =
        match request.Find key with
        | TicketKey.Moved now -> now
        | TicketKey.Unchanged
        | TicketKey.Gone -> key

    member _.Note(key: string, now: TicketKey) : unit = keys <- Map.add key now keys
