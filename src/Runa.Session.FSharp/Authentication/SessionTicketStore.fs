namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Http
open Runa.Session.Hosting

/// Keeps the tickets of cookie authentication in a session of the registry, so that they can be listed and ended by
/// owner. The owner is the ticket's NameIdentifier, "sub" or name; a ticket without any of these is kept too, but
/// cannot be ended by owner. The key of a ticket is the session's token, so nothing in the store can be turned into a
/// cookie (promise 1). Give the tickets a session of their own, on any driver but "cookie".
///
/// A sign-in gives the ticket a new key, and the old one is worthless (promise 4). That needs AddRunaTicketStore, which
/// also sees to the cookie: where SessionStore was set by hand, a sign-in over an existing ticket raises
/// InvalidOperationException. So does RenewAsync without an HttpContext, for a ticket of another owner.
///
/// A response for which a ticket was read is private to shared caches, as for every session (promise 20). The
/// exceptions are those of the handlers. A cancelled token ends the wait for a ticket that is read
/// (OperationCanceledException), but never a sign-in, renewal or sign-out. The constructor raises
/// InvalidOperationException for a session that is not registered, and NotSupportedException for the driver "cookie" and for
/// the settings rotate and device_bound.
[<Sealed>]
type SessionTicketStore(registry: SessionRegistry, sessionName: string) =
    static let held = SessionKey.withCodec Codec.bytes "ticket"

    let tickets = SessionTickets(registry, sessionName)

    let put (ticket: AuthenticationTicket) (session: Session) : Session =
        let session = Session.set held (TicketSerializer.Default.Serialize ticket) session

        match Option.ofNullable ticket.Properties.ExpiresUtc with
        | Some until -> Session.withExpiresAt until session
        | None -> session

    let store (ticket: AuthenticationTicket) (since: int64) : Task<string> =
        tickets.Store(SessionPrincipal.tryOwner ticket.Principal, put ticket, since)

    /// Reads a ticket. One that the framework cannot read is handled as the setting on_unreadable says.
    let deserialize (bytes: byte[]) : AuthenticationTicket | null =
        let unreadable (cause: exn | null) : AuthenticationTicket | null =
            tickets.ReportUnreadable cause
            null

        let ticket =
            try
                Ok(TicketSerializer.Default.Deserialize bytes)
            with e ->
                Error e

        match ticket with
        | Ok null -> unreadable null
        | Ok ticket -> ticket
        | Error e -> unreadable e

    let retrieve (key: string) (token: CancellationToken) : Task<AuthenticationTicket | null> =
        task {
            let! session = tickets.Retrieve(key, token)

            match Session.tryGet held session with
            | Some bytes -> return deserialize bytes
            | None -> return null
        }

    let started (scheme: string) : exn =
        InvalidOperationException
            $"Nobody can be signed in by the authentication scheme \"{scheme}\" any more: a sign-in gives the ticket a new key, which needs a cookie, but the response has started. Sign in before the first write. Nothing was saved."

    let withoutCookies (scheme: string) : exn =
        InvalidOperationException
            $"The authentication scheme \"{scheme}\" cannot sign in where somebody is signed in: a sign-in gives the ticket a new key, which needs the cookie manager of AddRunaTicketStore. Call AddRunaTicketStore(\"{scheme}\", \"{sessionName}\") instead of setting SessionStore. Nothing was saved."

    /// Signs in under a new key, which TicketCookies writes into the cookie.
    let signIn (request: TicketRequest) (key: string) (ticket: AuthenticationTicket) (context: HttpContext) : Task =
        task {
            if not (TicketCookies.canMove context ticket.AuthenticationScheme) then
                raise (withoutCookies ticket.AuthenticationScheme)

            let owner = SessionPrincipal.tryOwner ticket.Principal
            let! now = tickets.SignIn(request.Current key, owner, put ticket, request.Since)
            request.Note(key, TicketKey.Moved now)
        }

    let renew (key: string) (ticket: AuthenticationTicket) (mayMove: bool) (since: int64) : Task<string option> =
        tickets.Renew(key, SessionPrincipal.tryOwner ticket.Principal, put ticket, mayMove, since)

    /// Prolongs a ticket when the response starts.
    let slide (request: TicketRequest) (key: string) (ticket: AuthenticationTicket) (context: HttpContext) : Task =
        task {
            let mayMove = TicketCookies.canMove context ticket.AuthenticationScheme

            match! renew (request.Current key) ticket mayMove request.Since with
            | None -> request.Note(key, TicketKey.Gone)
            | Some now when now <> key -> request.Note(key, TicketKey.Moved now)
            | Some _ -> ()
        }

    // The token is cancelled when the client goes. It ends the wait for a ticket that is read, but does not affect what
    // is stored or ended (promise 15): a user who signs out and goes is signed out.
    interface ITicketStore with
        member _.StoreAsync ticket = store ticket (Stopwatch.GetTimestamp())

        member _.StoreAsync(ticket, context, _) =
            AuthenticationScope.keepPrivate context registry sessionName
            store ticket (TicketRequest.Watch context)

        member _.RetrieveAsync key = retrieve key CancellationToken.None

        member _.RetrieveAsync(key, context, token) =
            AuthenticationScope.keepPrivate context registry sessionName
            TicketRequest.Watch context |> ignore
            retrieve key token

        // The caller cannot be told of a new key.
        member _.RenewAsync(key, ticket) : Task = renew key ticket false (Stopwatch.GetTimestamp())

        member _.RenewAsync(key, ticket, context, _) =
            let hasLooked = not (isNull (TicketRequest.Find context))
            let request = TicketRequest.In context

            // A sliding renewal comes just before the response starts.
            if context.Response.HasStarted then
                raise (started ticket.AuthenticationScheme)

            match request.Renewal with
            | Renewal.SignIn when hasLooked -> signIn request key ticket context
            | Renewal.SignIn
            | Renewal.Late -> slide request key ticket context

        member _.RemoveAsync(key) : Task = tickets.Remove key

        member _.RemoveAsync(key, context, _) : Task =
            task {
                let request = TicketRequest.In context
                let! clears = tickets.Remove(request.Current key)
                request.Clears <- List.distinct (request.Clears @ clears)
            }
