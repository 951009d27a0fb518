namespace Runa.Session

open System
open System.Security.Claims
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Http.Features
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Options

/// Writes the new key of a ticket into the cookie. Cookie authentication keeps the key of an existing ticket, also when
/// somebody signs in (https://github.com/dotnet/aspnetcore/issues/47503), but asks its cookie manager to write it.
[<Sealed>]
type internal TicketCookies(inner: ICookieManager, options: CookieAuthenticationOptions) =
    /// As the scheme does.
    static let binding (context: HttpContext) : string | null =
        match context.Features.Get<ITlsTokenBindingFeature>() with
        | null -> null
        | feature ->
            match box (feature.GetProvidedTokenBindingId()) with
            | :? (byte[]) as id -> Convert.ToBase64String id
            | _ -> null

    static let unreadable (cookie: string) : exn =
        InvalidOperationException
            $"The cookie {cookie} of cookie authentication cannot get the new key of a ticket: the scheme's TicketDataFormat cannot read what it wrote. Use one that reads its own tickets. Nobody was signed in."

    /// The claim that holds a key which this request has exchanged, and where the ticket is now.
    static let exchanged (request: TicketRequest) (ticket: AuthenticationTicket) : struct (Claim * TicketKey) voption =
        ticket.Principal.Claims
        |> Seq.map (fun claim -> struct (claim, request.Find claim.Value))
        |> Seq.tryFind (fun struct (_, now) -> now <> TicketKey.Unchanged)
        |> function
            | Some found -> ValueSome found
            | None -> ValueNone

    /// The ticket with another key, as the scheme makes it.
    static let withKey (ticket: AuthenticationTicket) (old: Claim) (key: string) : AuthenticationTicket =
        let claim = Claim(old.Type, key, old.ValueType, old.Issuer, old.OriginalIssuer)
        let kind =
            old.Subject |> Option.ofObj |> Option.bind (fun subject -> Option.ofObj subject.AuthenticationType)
        let principal = ClaimsPrincipal(ClaimsIdentity([ claim ], Option.toObj kind))
        AuthenticationTicket(principal, ticket.Properties, ticket.AuthenticationScheme)

    let append (request: TicketRequest) (context: HttpContext) name (value: string) (cookie: CookieOptions) : unit =
        let binding = binding context

        match options.TicketDataFormat.Unprotect(value, binding) with
        | null -> raise (unreadable name)
        | ticket ->
            match exchanged request ticket with
            | ValueSome(struct (claim, TicketKey.Moved key)) ->
                let value = options.TicketDataFormat.Protect(withKey ticket claim key, binding)
                inner.AppendResponseCookie(context, name, value, cookie)
            // Promise 4: a late renewal must not overwrite the cookie of a sign-in by another request.
            | ValueSome(struct (_, TicketKey.Gone)) -> ()
            | ValueSome _
            | ValueNone -> inner.AppendResponseCookie(context, name, value, cookie)

    /// Browsers would delete the new cookie, too.
    let signsIn (context: HttpContext) : unit =
        match TicketRequest.Find context with
        | null -> ()
        | request -> request.Clears <- []

    interface ICookieManager with
        member _.GetRequestCookie(context, name) = inner.GetRequestCookie(context, name)

        // The scheme signs out.
        member _.DeleteCookie(context, name, cookie) =
            inner.DeleteCookie(context, name, cookie)

            match TicketRequest.Find context with
            | NonNull request when not request.Clears.IsEmpty ->
                context.Response.OnStarting(fun () ->
                    ClearSiteData.send context request.Clears
                    Task.CompletedTask)
            | _ -> ()

        member _.AppendResponseCookie(context, name, value, cookie) =
            signsIn context

            match value, TicketRequest.Find context with
            | NonNull value, NonNull request when request.HasExchanged -> append request context name value cookie
            | _ -> inner.AppendResponseCookie(context, name, value, cookie)

/// Puts a TicketCookies around the cookie manager of a scheme.
module internal TicketCookies =
    let install (options: CookieAuthenticationOptions) : unit =
        match box options.CookieManager with
        | :? TicketCookies -> ()
        // This is what cookie authentication uses if the application has chosen none.
        | Null -> options.CookieManager <- TicketCookies(ChunkingCookieManager(), options)
        | NonNull _ -> options.CookieManager <- TicketCookies(options.CookieManager, options)

    let isInstalled (options: CookieAuthenticationOptions) : bool = options.CookieManager :? TicketCookies

    let mustBeInstalled =
        "its CookieManager was replaced after AddRunaTicketStore, so a sign-in could not change the key of a ticket. Set CookieManager in AddCookie(…) or Configure, not in PostConfigure."

    /// Whether the keys of this scheme's tickets can change in this request.
    let canMove (context: HttpContext) (scheme: string) : bool =
        match box context.RequestServices with
        | Null -> false
        | NonNull _ ->
            match context.RequestServices.GetService<IOptionsMonitor<CookieAuthenticationOptions>>() with
            | null -> false
            | options -> isInstalled (options.Get scheme)
