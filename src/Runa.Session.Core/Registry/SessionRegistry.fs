namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Primitives

/// What SessionRegistry.commit did.
[<RequireQualifiedAccess; StructuredFormatDisplay("{Display}")>]
type Committed =
    {
        /// The session as it was committed: go on from this one.
        Session: Session
        /// Values of Set-Cookie headers to send: none when the cookie did not change.
        Cookies: string list
    }

    member internal committed.Display = $"Committed ({committed.Session})"

    /// Promise 5: no cookie is printed.
    override committed.ToString() = committed.Display

/// Sessions without a web host: in scripts, tests and servers of other kinds. Where a name is not registered, every
/// function raises InvalidOperationException; where the store fails, SessionStoreException. Where its token is cancelled,
/// OperationCanceledException: before it has begun, or midway as each function says.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module SessionRegistry =
    /// Raises SessionConfigurationException with everything that is wrong in the setup. Outside Development (as
    /// ASPNETCORE_ENVIRONMENT or DOTNET_ENVIRONMENT says) a secret must be set.
    let create (setup: SessionSetup) : SessionRegistry = RegistryBuilder.build setup RegistryBuilder.noHost

    let private loadUntil token (home: Home) (cookieHeader: string option) : Task<Snapshot> =
        Waiting.start token (fun () -> (home.Load(StringValues(Option.toObj cookieHeader))).AsTask())

    /// The session of this name that the Cookie header's raw text leads to. The token ends the waiting for the store.
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

    /// Stores what became of a session that `load` gave. On a conflict the changes are merged onto the newer session, as
    /// for every run-once handler; SessionConflictException where they cannot be. The token ends the waiting for others that
    /// are ahead, and never a write that has begun: where it raises, nothing was stored. Secure = SameAsRequest counts as
    /// https. Raises InvalidOperationException for a session that this registry did not load.
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
                            $"The session \"{origin.Name}\" was not loaded by this registry: commit what SessionRegistry.load gave."
                    )
        }

    /// Loads, runs the step and stores what it makes of the session: again on the newer session when another process or
    /// request got there first, so it must be pure. What it may hand back, and what ends it, is as for updateSession. The
    /// token ends the waiting for the load and for others that are ahead, and never a write that has begun: where it raises,
    /// nothing was stored.
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

    /// The living sessions of an owner. This and the functions below raise NotSupportedException on a driver without an
    /// owner index. What cannot be read is left out, logged and counted. The token ends the waiting, at once; what has ended by then stays ended, the store call that is under way
    /// goes on, and the sessions that are left may be ended by another call.
    let forOwner
        (name: string)
        (owner: string)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<OwnedSession list> =
        Waiting.start token (fun () -> OwnerSessions.list (registry.Find name).Definition owner token)

    /// The handle under which forOwner lists this session; None where nothing of it is stored, and with the driver cookie.
    let handle (session: Session) : string option =
        match session.Origin with
        | :? Snapshot as snapshot -> (Homes.find snapshot.Definition).Handle snapshot
        | _ -> None

    /// Ends one session of the owner, by its handle. False: the owner has no such session.
    let revoke
        (name: string)
        (owner: string)
        (handle: string)
        (token: CancellationToken)
        (registry: SessionRegistry)
        : Task<bool> =
        Waiting.start token (fun () -> OwnerSessions.revoke (registry.Find name).Definition owner handle token)

    /// Ends all sessions of the owner, and answers how many that lived. A sign-in that races it loses. It goes on where some
    /// of them cannot be ended, and then raises SessionsLeftException, which says how many are left.
    let revokeOwner (name: string) (owner: string) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> OwnerSessions.revokeOwner (registry.Find name).Definition owner token)

    /// Ends all sessions of this session's owner but this one, and answers how many that lived; none without an owner.
    /// Raises as revokeOwner does.
    let revokeOthers (session: Session) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () ->
            match session.Origin, Session.owner session with
            | (:? Snapshot as snapshot), Some owner ->
                let definition = (registry.Find snapshot.Name).Definition
                OwnerSessions.revokeOthers definition owner snapshot.Place.Key token
            | _ -> Task.FromResult 0)

    /// Ends every session of this name, and answers how many.
    let revokeAll (name: string) (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> OwnerSessions.revokeAll (registry.Find name).Definition token)

    /// Deletes what has expired on all drivers now, and answers how many records went. It happens by itself each minute;
    /// where that is under way, this waits for its turn. Raises SessionStoreException, naming the drivers that failed, once
    /// all have been tried. The token ends it; what has gone by then stays gone.
    let purgeExpired (token: CancellationToken) (registry: SessionRegistry) : Task<int> =
        Waiting.start token (fun () -> registry.PurgeAll token)
