namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Runa.Session.Hosting

/// Keeps the tickets of cookie authentication in a session of the registry, so that they can be listed and ended by
/// owner. The owner is the ticket's NameIdentifier, "sub" or name; a ticket without any of these is kept too, but
/// cannot be ended by owner. The key of a ticket is the session's token, so nothing in the store can be turned into a
/// cookie (promise 1). Give the tickets a session of their own, on any driver but "cookie".
///
/// A response for which a ticket was read is private to shared caches, as for every session (promise 20). The
/// exceptions are those of the handlers. A cancelled token ends the wait for a ticket that is read
/// (OperationCanceledException), but never a sign-in, renewal or sign-out. The constructor raises
/// InvalidOperationException for a session that is not registered, and NotSupportedException for the driver "cookie".
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

    let renew (renewal: Renewal) (key: string) (ticket: AuthenticationTicket) (since: int64) : Task =
        let owner = SessionPrincipal.tryOwner ticket.Principal
        tickets.Renew(key, owner, put ticket, (renewal = Renewal.SignIn), since)

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

        member _.RenewAsync(key, ticket) = renew Renewal.Late key ticket (Stopwatch.GetTimestamp())

        member _.RenewAsync(key, ticket, context, _) =
            renew (TicketRequest.RenewalIn context) key ticket (TicketRequest.SinceIn context)

        member _.RemoveAsync(key) : Task = tickets.Remove key
