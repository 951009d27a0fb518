namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.Primitives

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
    static let held = SessionKey.create<byte[]> "ticket"

    let home = registry.Find sessionName
    let definition = home.Definition

    do
        if definition.Seal.IsSome then
            raise (
                NotSupportedException
                    $"The session \"{sessionName}\" cannot keep tickets on the driver \"{definition.Settings.Driver}\": it has no store, and a ticket could not be ended. Choose a driver with a store."
            )

    /// Promise 6: a key that is not a genuine token does not reach the store. A genuine one contains no separator of
    /// cookies.
    let load (key: string) : Task<Snapshot> =
        task {
            match definition.Token.Read(key.AsSpan()) with
            | TokenReading.Genuine _ -> return! home.Load(StringValues $"{definition.Settings.CookieName}={key}")
            | TokenReading.Foreign
            | TokenReading.Malformed -> return Snapshot.none definition
        }

    let run (snapshot: Snapshot) (step: Session -> Session) : Task<Snapshot> =
        task {
            let step (session: Session) = struct (step session, ())
            let! struct (answer, ()) = Transact.run home null WhenGone.StepAgain step snapshot null
            return answer.Snapshot
        }

    let put (ticket: AuthenticationTicket) (session: Session) : Session =
        let session = Session.set held (TicketSerializer.Default.Serialize ticket) session

        match Option.ofNullable ticket.Properties.ExpiresUtc with
        | Some until -> SessionEnd.at until session
        | None -> session

    /// Lets another user take over the ticket. Cookie authentication keeps the ticket's key, which Session.signIn would
    /// change.
    let handOver (owner: string option) (given: Session) : Session =
        let now = given.Origin.Now

        Session(
            given.Origin,
            { SessionState.fresh now given.Origin.Ttl with
                Owner = owner
                SignedInAt = owner |> Option.map (fun _ -> now) },
            given.Change
        )

    /// Promise 14: cookie authentication keeps its key for the whole request, so the sign-in could not be stored.
    let refused () : exn =
        SessionConflictException
            $"The session \"{definition.Name}\" was not signed in: the ticket of this request has ended (by a sign-out in this request, or a revocation), and cookie authentication cannot use another one in the same request. Sign in in the next request."

    /// Promise 9: a session that has ended stays ended.
    let renewed (renewal: Renewal) (ticket: AuthenticationTicket) (owner: string option) (given: Session) : Session =
        if Session.status given <> SessionStatus.Active then
            if renewal = Renewal.SignIn then
                raise (refused ())

            given
        elif Session.owner given = owner then
            put ticket given
        else
            given |> handOver owner |> put ticket

    let remove (snapshot: Snapshot) : Task =
        task {
            let! _ = run snapshot Session.signOut
            ()
        }

    /// Stores a new ticket. `since` is when the request first looked at a ticket.
    let store (ticket: AuthenticationTicket) (since: int64) : Task<string> =
        let signIn =
            match SessionPrincipal.tryOwner ticket.Principal with
            | Some owner -> Session.signIn owner
            | None -> id

        task {
            let fresh = (Snapshot.none definition).LookedAt since
            let! stored = run fresh (signIn >> put ticket)
            return string stored.Place.Token
        }

    /// Reads a ticket. One that the framework cannot read is handled as the setting on_unreadable says.
    let deserialize (bytes: byte[]) : AuthenticationTicket | null =
        let unreadable (cause: exn | null) : AuthenticationTicket | null =
            Unreadable.report
                definition
                "it does not hold a ticket of cookie authentication that this version can read."
                cause
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
            let! snapshot = Waiting.start token (fun () -> load key)
            let! touched = Transact.touchIfDue home snapshot

            match Session.tryGet held touched.Session with
            | Some bytes -> return deserialize bytes
            | None -> return null
        }

    let renew (renewal: Renewal) (key: string) (ticket: AuthenticationTicket) (since: int64) : Task =
        task {
            let owner = SessionPrincipal.tryOwner ticket.Principal
            let! snapshot = load key
            let newcomer = if snapshot.State.Owner = owner then None else owner

            if snapshot.Status = SessionStatus.Active || renewal = Renewal.SignIn then
                let! before =
                    task {
                        try
                            let! before = StoreCreation.epochOfSignIn definition newcomer since
                            return ValueSome before
                        // A sliding renewal: nobody signs in, and the ticket is removed below.
                        with :? SessionConflictException when renewal = Renewal.Late ->
                            return ValueNone
                    }

                if before.IsSome then
                    let! _ = run snapshot (renewed renewal ticket owner)
                    ()

                let! after = StoreCreation.epoch definition newcomer

                // Promise 27: a sign-in that races a revocation loses.
                if before.IsNone || after.Number <> before.Value.Number then
                    do! remove snapshot

                    if renewal = Renewal.SignIn then
                        raise (refused ())
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

        member _.RenewAsync(key, ticket) = renew Renewal.Late key ticket (Stopwatch.GetTimestamp())

        member _.RenewAsync(key, ticket, context, _) =
            renew (TicketRequest.RenewalIn context) key ticket (TicketRequest.SinceIn context)

        member _.RemoveAsync(key) : Task =
            task {
                let! snapshot = load key
                do! remove snapshot
            }
