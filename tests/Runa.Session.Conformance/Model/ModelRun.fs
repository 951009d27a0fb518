namespace Runa.Session.Conformance

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session

/// Runs a story against the driver and against the model, and compares what is seen after each operation.
[<Sealed>]
type internal ModelRun(sites: Site list, clock: FakeTimeProvider, purge: (unit -> Task<unit>) option) =
    let browsers = [| for _ in 0..3 -> Browser() |]
    let cookies: Model.Token option[] = Array.create browsers.Length None
    let loads: (Session * Model.Work) option[] = Array.create browsers.Length None
    let mutable store = Model.empty
    let mutable lookedAt = 0L
    let mutable revokedAt = 0L
    let mutable revokingAt = 0L
    // When each browser's load began, and when it was answered.
    let loadedAt: struct (int64 * int64)[] = Array.zeroCreate browsers.Length
    // Every cookie that was given out.
    let mutable given: (Model.Token * Browser) list = []

    let site browser = sites[browser % sites.Length]
    let visits (key: string) = SessionKey.create<int> key

    let apply (session: Session) (change: Change) : Session =
        match change with
        | Change.Set(key, value) -> Session.set (visits key) value session
        | Change.Increment key -> Session.update (visits key) 0 (fun value -> value + 1) session
        | Change.Remove key -> Session.remove (visits key) session
        | Change.Flash text -> Session.flash Sites.notice text session
        | Change.TakeFlashes -> Session.takeFlashes Sites.notice session |> snd
        | Change.Clear -> Session.clear session
        | Change.Label label -> Session.withLabel label session
        | Change.Client address -> Session.withClient (Some address) None session
        | Change.Regenerate -> Session.regenerate session
        | Change.Destroy -> Session.destroy session
        | Change.SignIn owner -> Session.signIn owner session
        | Change.WithLifetime minutes -> Session.withLifetime (TimeSpan.FromMinutes(float minutes)) session

    let same (what: string) (expected: 'T) (actual: 'T) =
        if expected <> actual then
            failtest $"{what}: the model has %A{expected}, the driver %A{actual}"

    let compare (session: Session) (work: Model.Work) =
        let status =
            match work.Found with
            | Model.Found.NoCookie -> SessionStatus.New
            | Model.Found.Live _ -> SessionStatus.Active
            | Model.Found.Gone
            | Model.Found.Moved _
            | Model.Found.MovedLong _ -> SessionStatus.Expired

        same "status" status (Session.status session)
        let content = work.Content
        let values = [ for key in Session.keys session -> key, Session.getOr (visits key) 0 session ]
        same "values" (Map.toList content.Values) values
        same "flashes" (content.Flashes |> List.map _.Text) (Session.takeFlashes Sites.notice session |> fst)
        same "owner" content.Owner (Session.owner session)
        same "label" content.Label (Session.label session)
        same "client" content.Client (Session.client session |> Option.bind _.Address)
        same "created" content.Created (Session.createdAt session)
        same "signed in" content.SignedIn (Session.signedInAt session)
        same "its end" content.Ends (Session.expiresAt session)

        match work.Found with
        | Model.Found.Live entry -> same "last seen" entry.Seen (Session.lastSeenAt session)
        | _ -> ()

    /// What the browser is told, and whether the model says so too.
    let receive browser (outcome: Model.Outcome) (committed: Committed option) =
        match outcome, committed with
        | None, None -> ()
        | Some _, None -> failtest "the driver's request ends in a SessionConflictException, the model's does not"
        | None, Some _ -> failtest "the model's request ends in a conflict, the driver's does not"
        | Some(next, cookie), Some committed ->
            store <- next
            let before = browsers[browser].Values
            browsers[browser].Receive committed.Cookies
            let after = browsers[browser].Values
            let isAlive until = until > clock.GetUtcNow()

            match cookie, committed.Cookies with
            | Model.Cookie.Unchanged, [] -> ()
            | Model.Cookie.Expired, [ _ ] ->
                same "the cookie, expired" [] after
                cookies[browser] <- None
            | Model.Cookie.Fresh(_, until), [ _ ] when not (isAlive until) ->
                same "the cookie, expired already" [] after
                cookies[browser] <- None
            | Model.Cookie.Fresh(token, _), [ _ ] ->
                if after = before || given |> List.exists (fun (_, other) -> other.Values = after) then
                    failtest "the cookie was to be a fresh one"

                cookies[browser] <- Some token
                given <- (token, browsers[browser].Copy()) :: given
            | Model.Cookie.Again(_, until), [ _ ] when not (isAlive until) ->
                same "the cookie, expired already" [] after
                cookies[browser] <- None
            // The browser may have another one, or none, by now: it is given that of the request.
            | Model.Cookie.Again(token, _), [ _ ] ->
                let sent = given |> List.find (fun (other, _) -> other = token) |> snd
                same "the cookie, sent again" sent.Values after
                cookies[browser] <- Some token
            | expected, actual -> failtest $"cookies: the model has %A{expected}, the driver sends {actual.Length}"

    let attempt (work: unit -> Task<Committed>) : Task<Committed option> =
        task {
            try
                let! committed = work ()
                return Some committed
            with :? SessionConflictException ->
                return None
        }

    // A store tells by its clock, and by the way to it, what came first: a revocation, or a look at the session.
    let told = TimeSpan.FromMilliseconds 4.

    let isSignIn (changes: Change list) = changes |> List.exists _.IsSignIn

    /// A sign-in is refused where the store's answer was under way for longer than the time from the last revocation to the
    /// look at the session: nobody can tell then which came first. A refused one has changed nothing, so it is tried again.
    let rec attemptSignIn (outcome: Model.Outcome) (lookedAt: int64 option) (pause: TimeSpan) work =
        task {
            let began = Stopwatch.GetTimestamp()
            let! committed = attempt work
            let answered = Stopwatch.GetElapsedTime began
            let gap = Stopwatch.GetElapsedTime(revokedAt, defaultArg lookedAt began)

            if outcome.IsSome && committed.IsNone && answered > gap && pause < TimeSpan.FromSeconds 5. then
                do! Task.Delay pause
                return! attemptSignIn outcome lookedAt (2. * pause) work
            else
                return committed
        }

    let view (site: Site) (browser: Browser) (cookie: Model.Token option) =
        task {
            let! session = site.Load browser
            let work = Model.load (clock.GetUtcNow()) cookie store
            compare session work
            return session, work
        }

    let commit browser (session: Session) (work: Model.Work) changes =
        task {
            let wanted = (session, changes) ||> List.fold apply
            let work = (work, changes) ||> List.fold Model.change
            let outcome = ModelCommit.commit (clock.GetUtcNow()) work store
            let struct (askedAt, loadedAt) = loadedAt[browser]
            let write () = SessionRegistry.commit wanted CancellationToken.None (site browser).Registry

            let! committed =
                if isSignIn changes then
                    attemptSignIn outcome (Some askedAt) told write
                else
                    attempt write

            // A server's clock may be cut, and read a little before it answers: so close, it may take either for the earlier.
            let isClose = Stopwatch.GetElapsedTime(loadedAt, revokingAt) < TimeSpan.FromMilliseconds 20.

            let outcome =
                match outcome, committed with
                | None, Some _ when isClose ->
                    ModelCommit.commit (clock.GetUtcNow()) { work with Since = Int32.MaxValue } store
                | outcome, _ -> outcome

            receive browser outcome committed
        }

    let whenTold (at: int64) : Task =
        match told - Stopwatch.GetElapsedTime at with
        | rest when rest > TimeSpan.Zero -> Task.Delay rest
        | _ -> Task.CompletedTask

    let step browser changes =
        task {
            let registry = (site browser).Registry
            let header = browsers[browser].Header
            let apply session = (session, changes) ||> List.fold apply
            let now = clock.GetUtcNow()
            let work = (Model.load now cookies[browser] store, changes) ||> List.fold Model.change
            let outcome = ModelCommit.commit now work store
            let write () = SessionRegistry.update "web" header apply CancellationToken.None registry

            let! committed =
                if isSignIn changes then
                    task {
                        do! whenTold revokedAt
                        return! attemptSignIn outcome None told write
                    }
                else
                    attempt write

            receive browser outcome committed
        }

    let devices (owner: string) =
        task {
            let! actual = sites.Head.ForOwner owner
            let expected = ModelCommit.devices (clock.GetUtcNow()) owner store

            let shown (label: string option) (client: string option) (created: DateTimeOffset) ends seen =
                label, client, created, ends, seen

            let expectedOf (e: Model.Entry) =
                shown e.Content.Label e.Content.Client e.Content.Created (min e.Idle e.Content.Ends) e.Seen

            let actualOf (d: OwnedSession) =
                shown d.Label (d.Client |> Option.bind _.Address) d.CreatedAt d.EndsAt d.LastSeenAt

            same
                $"the devices of {owner}"
                (expected |> List.map expectedOf |> List.sort)
                (actual |> List.map actualOf |> List.sort)
        }

    let revoked (expected: Model.Store * int) (actual: int) =
        store <- fst expected
        revokedAt <- Stopwatch.GetTimestamp()
        same "how many were ended" (snd expected) actual

    let perform (operation: Operation) : Task<unit> =
        task {
            let now = clock.GetUtcNow()

            match operation with
            | Operation.Tick seconds -> clock.Advance(TimeSpan.FromSeconds(float seconds))
            | Operation.Step(browser, changes) -> do! step browser changes
            | Operation.Load browser ->
                do! whenTold revokedAt
                let asked = Stopwatch.GetTimestamp()
                let! loaded = view (site browser) browsers[browser] cookies[browser]
                loads[browser] <- Some loaded
                lookedAt <- Stopwatch.GetTimestamp()
                loadedAt[browser] <- struct (asked, lookedAt)
            | Operation.Commit(browser, changes) ->
                match loads[browser] with
                | None -> do! step browser changes
                | Some(session, work) ->
                    loads[browser] <- None
                    do! commit browser session work changes
            | Operation.Copy(browser, into) ->
                if browser <> into then
                    browsers[into] <- browsers[browser].Copy()
                    cookies[into] <- cookies[browser]
            | Operation.Devices owner -> do! devices owner
            | Operation.RevokeOwner owner ->
                if Array.exists Option.isSome loads then
                    do! whenTold lookedAt

                revokingAt <- Stopwatch.GetTimestamp()
                let! ended = sites.Head.RevokeOwner owner
                revoked (ModelCommit.revokeOwner now owner store) ended
            | Operation.RevokeOthers browser ->
                let! session, work = view (site browser) browsers[browser] cookies[browser]

                match work.Found, work.Content.Owner with
                | Model.Found.Live _, Some owner ->
                    let registry = (site browser).Registry
                    let! ended = SessionRegistry.revokeOthers session CancellationToken.None registry
                    revoked (ModelCommit.revoke now owner cookies[browser] store) ended
                | _ -> ()
            | Operation.RevokeAll ->
                if Array.exists Option.isSome loads then
                    do! whenTold lookedAt

                revokingAt <- Stopwatch.GetTimestamp()
                let! ended = SessionRegistry.revokeAll "web" CancellationToken.None sites.Head.Registry
                revoked (ModelCommit.revokeAll now store) ended
            | Operation.Purge ->
                match purge with
                | Some purge ->
                    do! purge ()
                    store <- ModelCommit.purge now store
                | None -> ()
        }

    /// Fails at the first operation after which driver and model differ.
    member _.Run(Story operations) : Task<unit> =
        task {
            for index, operation in List.indexed operations do
                try
                    do! perform operation
                with e ->
                    raise (Exception($"operation {index + 1}, %A{operation}: {e.Message}", e))

            for token, browser in given do
                try
                    let! _ = view (List.last sites) browser (Some token)
                    ()
                with e ->
                    raise (Exception($"at the end, with the cookie of session {token}: {e.Message}", e))
        }
