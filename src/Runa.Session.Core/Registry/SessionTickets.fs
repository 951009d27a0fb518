namespace Runa.Session.Hosting

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session

/// Tickets of an authentication scheme, kept as sessions. The key of a ticket is its session's token, so nothing in the
/// store can be turned into a key (promise 1). `since` is a Stopwatch timestamp: when the request first looked at a
/// ticket. The exceptions are those of sessions.
///
/// The constructor raises InvalidOperationException for a session that is not registered, and NotSupportedException for
/// one that lives in its cookie, whose token is rotated, or that is bound to devices.
[<Sealed>]
type SessionTickets(registry: SessionRegistry, sessionName: string) =
    let home = registry.Find sessionName
    let definition = home.Definition

    do
        if definition.Seal.IsSome then
            raise (
                NotSupportedException
                    $"The session \"{sessionName}\" cannot keep tickets on the driver \"{definition.Settings.Driver}\": it has no store, and a ticket could not be ended. Choose a driver with a store."
            )

        if definition.Settings.Rotate.IsSome then
            raise (
                NotSupportedException
                    $"The session \"{sessionName}\" cannot keep tickets with rotate: the key of a ticket changes at a sign-in only, so no copy would be noticed. Leave rotate out, or sign in with sessions (AddRunaSession on the authentication builder), whose tokens rotate."
            )

        if definition.Settings.DeviceBound <> DeviceBound.Off then
            raise (
                NotSupportedException
                    $"The session \"{sessionName}\" cannot keep tickets with device_bound: cookie authentication sends the cookie of a ticket itself, so browsers would not be offered the binding. Set device_bound = off, or sign in with sessions (AddRunaSession on the authentication builder), which are bound."
            )

    /// Promise 6: a key that is not a genuine token does not reach the store. A genuine one contains no separator of
    /// cookies.
    let load (key: string) : Task<Snapshot> =
        task {
            match definition.Token.Read(key.AsSpan()) with
            | TokenReading.Genuine _ -> return! home.Load(StringValues $"{definition.Settings.CookieName}={key}")
            | TokenReading.Foreign ->
                ForeignTokens.count definition
                return Snapshot.none definition
            | TokenReading.Malformed -> return Snapshot.none definition
        }

    let run (snapshot: Snapshot) (step: Session -> struct (Session * 'R)) : Task<struct (Snapshot * 'R)> =
        task {
            let! struct (answer, result) = Transact.run home null WhenGone.StepAgain step snapshot null
            return struct (answer.Snapshot, result)
        }

    /// Signs in under a new id, also somebody who has no owner.
    let signIn (owner: string option) (given: Session) : Session =
        match owner with
        | Some owner -> Session.signIn owner given
        | None ->
            let fresh = SessionState.fresh given.Origin.Now given.Origin.Ttl
            Session(given.Origin, fresh, { SessionChange.None with Regenerated = true })

    let store (owner: string option) (put: Session -> Session) (since: int64) : Task<string> =
        task {
            let fresh = (Snapshot.none definition).LookedAt since
            let! struct (stored, ()) = run fresh (fun given -> struct (given |> signIn owner |> put, ()))
            return stored.Place.Token.Text
        }

    let keyStays () : exn =
        InvalidOperationException
            $"A ticket in the session \"{definition.Name}\" was to be renewed for another user under the same key. A key must change when somebody signs in: use cookie authentication with AddRunaTicketStore, which changes it, or remove the ticket and store the new one."

    /// Promise 9: a session that has ended stays ended.
    let renewed (owner: string option) (put: Session -> Session) (mayMove: bool) (given: Session) : Session =
        if not (Session.status given).IsActive then given
        elif Session.owner given = owner then put given
        elif mayMove then given |> signIn owner |> put
        else raise (keyStays ())

    /// Stores a ticket, which `put` adds to a new session of this owner. Returns the ticket's key.
    member _.Store(owner: string option, put: Session -> Session, since: int64) : Task<string> = store owner put since

    /// The session with this key, whose idle end moves if that is due. It is empty if there is none. The token ends the
    /// wait.
    member _.Retrieve(key: string, token: CancellationToken) : Task<Session> =
        task {
            let! snapshot = Waiting.start token (fun () -> load key)
            let! touched = Transact.touchIfDue home snapshot
            return touched.Session
        }

    /// Signs somebody in where a ticket with this key is: its session moves to a new key, which is returned, and the old
    /// key is worthless (promise 4). If the session is gone, or another sign-in was first, the ticket is stored in a new
    /// session, so that sign-ins at the same time lose nothing. If the store fails, the session stays as it was.
    ///
    /// Raises SessionConflictException if the owner's sessions were ended since this request looked at a ticket
    /// (promise 27), and SessionLimitException if the owner has too many.
    member _.SignIn(key: string, owner: string option, put: Session -> Session, since: int64) : Task<string> =
        let step (given: Session) =
            if (Session.status given).IsActive then
                struct (given |> signIn owner |> put, true)
            else
                struct (given, false)

        task {
            let! snapshot = load key
            let! struct (moved, isThere) = run (snapshot.LookedAt since) step
            return!
                if isThere then
                    Task.FromResult moved.Place.Token.Text
                else
                    store owner put since
        }

    /// Prolongs a ticket, if its session is still there; otherwise returns None. The key stays, unless the ticket is
    /// another owner's: then its session moves to a new key, as for a sign-in. Returns the key.
    ///
    /// With `mayMove` false, another owner raises InvalidOperationException. Raises SessionLimitException if the new
    /// owner has too many sessions.
    member _.Renew
        (key: string, owner: string option, put: Session -> Session, mayMove: bool, since: int64)
        : Task<string option> =
        task {
            let! snapshot = load key

            try
                let! struct (now, ()) =
                    run (snapshot.LookedAt since) (fun given -> struct (renewed owner put mayMove given, ()))

                return if now.IsActive then Some now.Place.Token.Text else None
            // Promise 27: the new owner's sessions were ended. The ticket stays the previous owner's.
            with :? SessionConflictException when snapshot.State.Owner <> owner ->
                return None
        }

    /// Ends the session with this key. Returns what the browser is to delete then, as the header Clear-Site-Data names it,
    /// without quotes (the setting ClearSiteData); nothing if there was no session.
    member _.Remove(key: string) : Task<string list> =
        task {
            let! snapshot = load key
            let step given = struct (Session.signOut given, ())
            let! struct (answer, ()) = Transact.run home null WhenGone.StepAgain step snapshot null
            return
                if answer.IsEnd then
                    definition.Settings.ClearSiteData |> List.map string
                else
                    []
        }

    /// Handles a ticket that cannot be read as the setting on_unreadable says: logs a warning, or raises
    /// SessionStoreException.
    member _.ReportUnreadable(cause: exn | null) : unit =
        Unreadable.report
            definition
            "it does not hold a ticket of cookie authentication that this version can read."
            cause
