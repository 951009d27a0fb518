namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// The result of SessionRegistry.commit and SessionRegistry.update.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type Committed =
    {
        /// The session as it was committed. Make further changes from this one.
        Session: Session
        /// The values of the Set-Cookie headers to send. Empty: the cookie did not change.
        Cookies: string list
    }

    /// What a client would send that keeps these cookies: the text of a Cookie header. None: the cookie did not change, or
    /// it was removed.
    member committed.CookieHeader: string option =
        let pair (line: string) = line.Split(';', 2)[0]

        match committed.Cookies |> List.map pair |> List.filter (fun pair -> not (pair.EndsWith '=')) with
        | [] -> None
        | pairs -> Some(String.concat "; " pairs)

    member internal committed.Display = $"Committed ({committed.Session})"

    /// Promise 5: prints no cookie.
    override committed.ToString() = committed.Display

/// Sessions without a web host: in scripts, tests and other servers. Every function raises InvalidOperationException
/// for a name that is not registered, and SessionStoreException if the store fails. If its token is cancelled, it
/// raises OperationCanceledException, before it has begun or, as each function says, midway.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SessionRegistry =
    /// Builds a registry without a host. Raises SessionConfigurationException with all mistakes in the setup. Outside
    /// Development (the environment variables ASPNETCORE_ENVIRONMENT and DOTNET_ENVIRONMENT) a secret must be set.
    let create (setup: SessionSetup) : SessionRegistry = RegistryBuilder.build setup RegistryBuilder.noHost

    let private loadUntil token (home: Home) (cookieHeader: string option) : Task<Snapshot> =
        Waiting.start token (fun () -> (home.Load(StringValues(Option.toObj cookieHeader))).AsTask())

    /// Loads the session of this name from the raw text of a Cookie header. The token ends the wait for the store.
    let load
        (name: string)
        (cookieHeader: string option)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<Session> =
        task {
            let! snapshot = loadUntil token (registry.Find name) cookieHeader
            return snapshot.Session
        }

    let private committed (home: Home) (answer: Answer) : Committed =
        let cookie = home.Definition.Cookie
        let lines = CookiePieces.lines cookie home.Definition.Now answer.Cookie
        { Session = answer.Snapshot.Session; Cookies = [ for line in lines -> cookie.Text(line, true) ] }

    /// Commits a session made from the one that `load` returned. On a conflict the changes are merged onto the newer
    /// session, as for every run-once handler; raises SessionConflictException if that is impossible. The token ends
    /// the wait for other requests, but never a write that has begun: if it raises, nothing was stored. With Secure =
    /// SameAsRequest the cookie is Secure. Raises InvalidOperationException for a session that this registry did not
    /// load.
    let commit (session: Session) (token: CancellationToken) (registry: SessionRegistry) : Task<Committed> =
        task {
            match session.Origin with
            | :? Snapshot as snapshot when
                Object.ReferenceEquals((registry.Find snapshot.Name).Definition, snapshot.Definition)
                ->
                token.ThrowIfCancellationRequested()
                let home = registry.Find snapshot.Name
                let step = CancellableStep(token, (fun session -> struct (session, ())))
                let whenGone = WhenGone.StepAgainUnlessOwned
                let! struct (answer, ()) = Transact.run home null whenGone step.Step snapshot session
                return committed home answer
            | origin ->
                return
                    raise (
                        InvalidOperationException
                            $"The session \"{origin.Name}\" was not loaded by this registry: commit a session made from the one that SessionRegistry.load returned."
                    )
        }

    /// Loads the session, runs the step and commits the session that it returns. The step must be pure: if another
    /// process or request is first, it runs again on the newer session. Raises SessionConflictException if the change
    /// could not be saved, and SessionTooLargeException if the session is over its limit. The token ends the wait for
    /// the load and for other requests, but never a write that has begun: if it raises, nothing was stored.
    let update
        (name: string)
        (cookieHeader: string option)
        (step: Session -> Session)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<Committed> =
        task {
            let home = registry.Find name
            let! snapshot = loadUntil token home cookieHeader
            let step = CancellableStep(token, (fun session -> struct (step session, ())))
            let whenGone = WhenGone.StepAgainUnlessOwned
            let! struct (answer, ()) = Transact.run home null whenGone step.Step snapshot null
            return committed home answer
        }

    /// Makes a new session, runs the step on it and commits it: for tests, links and load tests. The result's CookieHeader is
    /// what a client sends to have this session; whoever has it is the session, so treat it like a password. Raises
    /// InvalidOperationException if the step leaves the session empty, since nothing is stored then, and what `update`
    /// raises.
    let issue
        (name: string)
        (step: Session -> Session)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<Committed> =
        task {
            let! committed = update name None step token registry

            if committed.Cookies.IsEmpty then
                raise (
                    InvalidOperationException
                        $"No session \"{name}\" was issued: the step left it empty. Set a value or sign an owner in."
                )

            return committed
        }

    /// Raises InvalidOperationException for a name that is not registered, naming the known ones. For integrations that
    /// are given a name, so that a wrong one is noticed at startup and not by the first request.
    let check (name: string) (registry: SessionRegistry) : unit = registry.Find name |> ignore

    /// The registered sessions, in the order of their registration.
    let info (registry: SessionRegistry) : SessionInfo list =
        [ for definition in registry.Definitions ->
              { Name = definition.Name
                Driver = definition.Settings.Driver
                CookieName = definition.Settings.CookieName
                Ttl = definition.Settings.Ttl
                IdleTimeout = definition.Settings.IdleTimeout
                Shared = definition.Settings.Shared
                Default = (definition.Name = "web")
                Meta = definition.Settings.Meta } ]

    /// The live sessions of an owner, the one that was used last first. Sessions that cannot be read are left out, logged and counted. This and the
    /// functions below raise NotSupportedException on a driver without an owner index. The token ends the wait at once.
    /// Sessions that were ended until then stay ended, and the current store call goes on; another call ends the
    /// others.
    let forOwner
        (name: string)
        (owner: string)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<OwnedSession list> =
        Waiting.start token (fun () -> OwnerListing.list (registry.Find name).Definition owner token)

    /// A page of the live sessions of an owner, for one who may have thousands: `next` is None for the first page, and then
    /// the Next of the page before, of the same driver and owner. The driver says how long a page is. Raises
    /// ArgumentException if `next` is anything else (which is no failure of the store), and what forOwner raises.
    let forOwnerPage
        (name: string)
        (owner: string)
        (next: string option)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<OwnedSessionPage> =
        Waiting.start token (fun () -> OwnerListing.page (registry.Find name).Definition owner next token)

    /// One live session of the owner, by its handle, in one call to the store. None: the owner has no such session, or
    /// it cannot be read, which is logged and counted.
    let tryFind
        (name: string)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<OwnedSession option> =
        Waiting.start token (fun () -> OwnerListing.tryFind (registry.Find name).Definition owner handle token)

    /// Counts the live sessions of this name. The driver may look at all records of its store, which takes as long as
    /// there are many. Raises NotSupportedException on a driver that cannot count, such as cache and cookie. The token
    /// ends it.
    let count (name: string) (token: CancellationToken) (registry: SessionRegistry) : Task<SessionCount> =
        Waiting.start token (fun () -> SessionCounting.live (registry.Find name).Definition token)

    /// The handle under which forOwner lists this session. None: the session is not stored, or uses the driver cookie.
    let handle (session: Session) : string option =
        match session.Origin with
        | :? Snapshot as snapshot -> (Homes.find snapshot.Definition).Handle snapshot
        | _ -> None

    /// Ends one session of the owner, by its handle. Returns false if the owner has no such session.
    let revoke
        (name: string)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<bool> =
        Waiting.start token (fun () -> OwnerSessions.revoke (registry.Find name).Definition owner handle token)

    /// Ends all sessions of the owner, and returns how many live ones were ended. A sign-in at the same time loses. If
    /// some sessions cannot be ended, it ends the others and then raises SessionsLeftException, which says how many are
    /// left.
    let revokeOwner (name: string) (owner: string) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> OwnerSessions.revokeOwner (registry.Find name).Definition owner token)

    /// Ends all sessions of this session's owner except this one, and returns how many live ones were ended. Returns 0
    /// if the session has no owner. Raises what revokeOwner raises.
    let revokeOthers (session: Session) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () ->
            match session.Origin, Session.owner session with
            | (:? Snapshot as snapshot), Some owner ->
                let definition = (registry.Find snapshot.Name).Definition
                OwnerSessions.revokeOthers definition owner snapshot.Place.Key token
            | _ -> Task.FromResult 0)

    /// Ends all sessions of this name, and returns how many live ones were ended.
    let revokeAll (name: string) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> OwnerSessions.revokeAll (registry.Find name).Definition token)

    /// Asks all drivers that sessions use, at once, whether their stores answer, and logs those that do not. Each has this
    /// long to answer; a driver that still owes an earlier answer is not asked again. Raises ArgumentOutOfRangeException
    /// for a limit of zero or less, or of more than one day. The token ends the wait.
    let ping
        (limit: TimeSpan)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<Runa.SessionDriverHealth list> =
        if limit <= TimeSpan.Zero || limit > TimeSpan.FromDays 1. then
            raise (
                ArgumentOutOfRangeException(
                    nameof limit,
                    limit,
                    "The time limit of a ping must be more than zero, and one day at most."
                )
            )

        registry.PingAll(limit, token)

    /// Deletes expired records on all drivers now, and returns how many. This also happens by itself each minute; if it
    /// is under way, this call waits for its turn. Tries all drivers, then raises SessionStoreException naming those
    /// that failed. The token ends it; records deleted until then stay deleted.
    let purgeExpired (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> registry.PurgeAll token)
