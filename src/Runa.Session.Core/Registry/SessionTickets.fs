namespace Runa.Session.Hosting

open System
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives
open Runa.Session

/// Tickets of an authentication scheme, kept as sessions. The key of a ticket is its session's token, so nothing in the
/// store can be turned into a key (promise 1). `since` is a Stopwatch timestamp: when the request first looked at a
/// ticket. The exceptions are those of sessions.
///
/// The constructor raises InvalidOperationException for a session that is not registered, and NotSupportedException for
/// one that lives in its cookie.
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

    let run (snapshot: Snapshot) (step: Session -> Session) : Task<Snapshot> =
        task {
            let step (session: Session) = struct (step session, ())
            let! struct (answer, ()) = Transact.run home null WhenGone.StepAgain step snapshot null
            return answer.Snapshot
        }

    /// Lets another user take over the ticket. The scheme keeps the ticket's key, which Session.signIn would change.
    let handOver (owner: string option) (given: Session) : Session =
        let now = given.Origin.Now

        Session(
            given.Origin,
            { SessionState.fresh now given.Origin.Ttl with
                Owner = owner
                SignedInAt = owner |> Option.map (fun _ -> now) },
            given.Change
        )

    /// Promise 14: the scheme keeps its key for the whole request, so the sign-in could not be stored.
    let refused () : exn =
        SessionConflictException
            $"The session \"{definition.Name}\" was not signed in: the ticket of this request has ended (by a sign-out in this request, or a revocation), and cookie authentication cannot use another one in the same request. Sign in in the next request."

    /// Promise 9: a session that has ended stays ended.
    let renewed (isSignIn: bool) (owner: string option) (put: Session -> Session) (given: Session) : Session =
        if not (Session.status given).IsActive then
            if isSignIn then
                raise (refused ())

            given
        elif Session.owner given = owner then
            put given
        else
            given |> handOver owner |> put

    let remove (snapshot: Snapshot) : Task =
        task {
            let! _ = run snapshot Session.signOut
            ()
        }

    /// Holds the new user to the limit of their sessions, who takes over a ticket.
    let limited (snapshot: Snapshot) (newcomer: string option) (takeOver: unit -> Task<unit>) : Task<unit> =
        let within (owner: string) =
            task {
                match definition.Settings.WhenFull with
                | WhenFull.EndOldest -> ()
                | WhenFull.Refuse ->
                    match! OwnerLimit.hasRoom definition owner snapshot.Place with
                    | true -> ()
                    | false -> raise (OwnerLimit.refused definition)

                do! takeOver ()

                try
                    let enforce at =
                        OwnerLimit.enforce definition owner (Snapshot.none definition).Place snapshot.Place.Key at

                    try
                        do! enforce definition.Now
                    with :? SignInOvertakenException as e ->
                        do! enforce (e.Latest.AddTicks 1L)
                with e ->
                    do! remove snapshot
                    ExceptionDispatchInfo.Throw e
            }

        let telling (owner: string) () =
            task {
                try
                    do! within owner
                with :? SessionLimitException as e ->
                    definition.Events.SignInRefused owner
                    ExceptionDispatchInfo.Throw e
            }

        match OwnerLimit.ownerOf definition None { snapshot.State with Owner = newcomer } snapshot.IsActive with
        | ValueSome owner -> OwnerLimit.inTurn definition owner (telling owner)
        | ValueNone -> takeOver ()

    /// Stores a ticket, which `put` adds to a new session of this owner. Returns the ticket's key.
    member _.Store(owner: string option, put: Session -> Session, since: int64) : Task<string> =
        let signIn =
            match owner with
            | Some owner -> Session.signIn owner
            | None -> id

        task {
            let fresh = (Snapshot.none definition).LookedAt since
            let! stored = run fresh (signIn >> put)
            return stored.Place.Token.Text
        }

    /// The session with this key, whose idle end moves if that is due. It is empty if there is none. The token ends the
    /// wait.
    member _.Retrieve(key: string, token: CancellationToken) : Task<Session> =
        task {
            let! snapshot = Waiting.start token (fun () -> load key)
            let! touched = Transact.touchIfDue home snapshot
            return touched.Session
        }

    /// Stores a ticket under its key again, if its session is still there. A new owner is held to the limit of their sessions
    /// (SessionLimitException). With `isSignIn`, somebody signs in: then
    /// raises SessionConflictException if the session is gone, or if the owner's sessions are ended at the same time
    /// (promise 27). Otherwise the ticket is prolonged.
    member _.Renew(key: string, owner: string option, put: Session -> Session, isSignIn: bool, since: int64) : Task =
        task {
            let! snapshot = load key
            let newcomer = if snapshot.State.Owner = owner then None else owner

            if snapshot.IsActive || isSignIn then
                let! before =
                    task {
                        try
                            let! before = StoreCreation.epochOfSignIn definition newcomer since
                            return ValueSome before
                        // Nobody signs in, and the ticket is removed below.
                        with :? SessionConflictException when not isSignIn ->
                            return ValueNone
                    }

                if before.IsSome then
                    do!
                        limited snapshot newcomer (fun () ->
                            task {
                                let! _ = run snapshot (renewed isSignIn owner put)
                                ()
                            })

                let! after = StoreCreation.epoch definition newcomer

                // Promise 27: a sign-in that races a revocation loses.
                if before.IsNone || after.Number <> before.Value.Number then
                    do! remove snapshot

                    if isSignIn then
                        raise (refused ())
        }

    /// Ends the session with this key.
    member _.Remove(key: string) : Task =
        task {
            let! snapshot = load key
            do! remove snapshot
        }

    /// Handles a ticket that cannot be read as the setting on_unreadable says: logs a warning, or raises
    /// SessionStoreException.
    member _.ReportUnreadable(cause: exn | null) : unit =
        Unreadable.report
            definition
            "it does not hold a ticket of cookie authentication that this version can read."
            cause
