namespace Runa.Session

open System
open System.Diagnostics
open System.Threading
open System.Threading.Tasks

/// The request that a step runs in. Null outside a request.
[<AllowNullLiteral>]
type internal ICookieGate =
    /// Whether a cookie can still be sent.
    abstract IsOpen: bool

    /// The step begins to run, on this thread. Answers what EndStep is to be given.
    abstract BeginStep: unit -> int

    /// The step has ended.
    abstract EndStep: before: int -> unit

/// What is done when the session ended while the step ran.
[<RequireQualifiedAccess; Struct>]
type internal WhenGone =
    /// A step that asks for the owner itself is run again on the empty session, whatever it does there.
    | StepAgain
    /// Another one too, but if the lost session had an owner it must not write: what is private would land in a
    /// stranger's session.
    | StepAgainUnlessOwned
    /// As StepAgainUnlessOwned, of a commit that was asked for: where no new session can be made any more, what is lost is
    /// told, whose ever it was.
    | Tell

/// A step that was committed.
[<Struct; NoComparison; NoEquality>]
type internal Stepped<'R> =
    {
        Loaded: Loaded
        Cookie: CookieChange
        Result: 'R
        /// More than a touch reached the store.
        IsWritten: bool
    }

/// Runs a step and commits what it hands back, again and again while other requests get there first (promise 12).
module internal Attempts =
    let most = 64
    let longest = TimeSpan.FromSeconds 10.

    let check (given: Session) (back: Session) =
        if isNull (box back) then
            raise (InvalidOperationException $"The step for \"{given.Origin.Name}\" handed back null.")

        if back.Origin.Name <> given.Origin.Name then
            raise (
                InvalidOperationException
                    $"The step for \"{given.Origin.Name}\" handed back the session \"{back.Origin.Name}\"."
            )

        if not (Object.ReferenceEquals(back.Origin, given.Origin)) then
            raise (
                InvalidOperationException
                    $"The step for \"{given.Origin.Name}\" handed back a session not made from the one it was given: use its own argument."
            )

    let private isShut (gate: ICookieGate) = not (isNull gate) && not gate.IsOpen

    let private conflict (session: NamedSession) why =
        SessionConflictException $"The session \"{session.Name}\" could not be saved: {why}."

    /// What a hub, a circuit or a stream is told, which outlives its session.
    let private ended =
        "it has ended (signed out, revoked, expired or moved to a new id), and a new one needs a cookie, which cannot be sent any more. Nothing was saved. Change it before the first write, or let the browser load the page again"

    let checkGate (session: NamedSession) (gate: ICookieGate) (loaded: Loaded) (plan: Plan) =
        if isShut gate && Commit.needsCookie session.Seal.IsSome plan then
            if loaded.Status = SessionStatus.Expired || Instant.isUntil session.Now loaded.State.ExpiresAt then
                raise (conflict session ended)

            raise (
                InvalidOperationException
                    $"The session \"{session.Name}\" cannot be saved: this change must set or expire its cookie, but the response has started. Change the session before the first write. Nothing was saved."
            )

    let private endedMeanwhile = "it was signed in, and ended while the handler ran"

    /// What a run-once handler made of the session `was`, carried over to what stands now.
    let merge (session: NamedSession) (loaded: Loaded) (was: Session) (wanted: Session) : Session =
        if loaded.IsSuperseded && not wanted.Change.Destroyed then
            raise (conflict session "another request has moved it to a new id (a sign-in or regenerate)")

        match Merge.onto loaded.Session was wanted with
        | Ok merged -> merged
        | Error why -> raise (conflict session why)

    /// What the step makes of the session it starts from.
    let private plan
        (session: NamedSession)
        (gate: ICookieGate)
        (step: Session -> struct (Session * 'R))
        (loaded: Loaded)
        (start: Session)
        =
        let struct (wanted, result) =
            if isNull gate then
                step start
            else
                let before = gate.BeginStep()

                try
                    step start
                finally
                    gate.EndStep before

        check start wanted
        let plan = Commit.plan loaded.Now session.Settings.IdleTimeout loaded wanted
        checkGate session gate loaded plan
        struct (plan, result)

    let private finished plan (result: 'R) loaded cookie : Stepped<'R> =
        { Loaded = loaded
          Cookie = cookie
          Result = result
          IsWritten =
            match plan with
            | Plan.Nothing
            | Plan.Touch _ -> false
            | _ -> true }

    /// One request's attempts. `pending`: changes of a run-once handler, which are merged and not computed again, and on
    /// top of which the step runs.
    [<Sealed>]
    type private Runner<'R>
        (session: NamedSession, gate: ICookieGate, whenGone: WhenGone, step: Session -> struct (Session * 'R)) =

        let token =
            match box step with
            | :? ICancellable as step -> step.Token
            | _ -> CancellationToken.None

        let mutable isQueued = false
        let mutable stored: SessionRecord voption = ValueNone
        // The session was lost, and it had an owner.
        let mutable isBereft = false

        let planned (loaded: Loaded) (start: Session) : struct (Plan * 'R) =
            let struct (plan, _) as planned = plan session gate step loaded start

            match plan with
            | Plan.Nothing -> ()
            | _ when isBereft -> raise (conflict session endedMeanwhile)
            | _ -> ()

            planned

        /// Waits for our turn; what the one before stored, if it is known.
        let enter (place: StorePlace) : Task<SessionRecord voption> =
            task {
                match! session.Queues.Enter(place.Key, longest, token) with
                | Turn.Entered latest ->
                    isQueued <- true
                    return latest
                | Turn.Full ->
                    return
                        raise (conflict session $"more than {CommitQueues.Longest} requests are waiting to change it")
                | Turn.TooLate -> return raise (conflict session $"it was busy for {longest}")
            }

        /// After a conflict: wait for our turn, and take the newest record known.
        let takeTurn (place: StorePlace) (current: SessionRecord) (started: Stopwatch) (count: int) =
            task {
                Telemetry.conflict session.Name

                if count >= most || started.Elapsed > longest then
                    raise (conflict session $"it kept changing for {count} attempts")

                if isQueued then
                    return current
                else
                    let! latest = enter place
                    return ValueOption.defaultValue current latest
            }

        let rec go
            (first: Loaded)
            (loaded: Loaded)
            (pending: Session | null)
            (struct (plan, result))
            count
            started
            : Task<Stepped<'R>> =
            task {
                // From here to the answer it goes on, whoever still waits (promise 15).
                token.ThrowIfCancellationRequested()
                // A sign-in rests on what was checked before the first attempt.
                match! SessionLifecycle.execute session loaded loaded.Since plan with
                | Outcome.Done(now, cookie) ->
                    if now.Place.Key = loaded.Place.Key then
                        stored <- now.Record

                    return finished plan result now cookie
                | Outcome.Missing ->
                    return! goOnWithout first loaded (Loaded.gone session loaded.Place) pending count started
                | Outcome.Unreadable ->
                    return! goOnWithout first loaded (Loaded.unreadable session loaded.Place) pending count started
                | Outcome.Conflict current ->
                    let! current = takeTurn loaded.Place current started count
                    return! goOnFrom current first loaded pending count started
            }

        /// On top of what another request has stored.
        and goOnFrom current first (loaded: Loaded) (pending: Session | null) count started =
            let next = Loaded.ofRecord session loaded.Place current
            next.HasJustMoved <- next.IsSuperseded && Stopwatch.GetElapsedTime loaded.Since < Commit.flight
            next.LookBackTo first.Since

            if next.Status = SessionStatus.Active || next.IsSuperseded then
                let start =
                    match pending with
                    | null -> next.Session
                    | pending -> merge session next first.Session pending

                go first next pending (planned next start) (count + 1) started
            else
                goOnWithout first loaded next pending count started

        /// The session is gone: what the run-once handler changed is dropped, the step runs on an empty session.
        and goOnWithout first (lost: Loaded) (next: Loaded) (pending: Session | null) count started =
            isBereft <- whenGone <> WhenGone.StepAgain && lost.State.Owner.IsSome
            next.LookBackTo first.Since

            match pending with
            | null -> ()
            | _ when isBereft -> raise (conflict session endedMeanwhile)
            // Whoever is told "Welcome" is signed in.
            | pending when pending.State.Owner.IsSome && lost.State.Owner.IsNone ->
                raise (conflict session "it ended while the handler that signed in ran")
            | _ when whenGone = WhenGone.Tell && isShut gate -> raise (conflict session ended)
            | _ ->
                Telemetry.drop session.Name
                Log.dropped session.Log session.Name

            go first next null (planned next next.Session) (count + 1) started

        /// Those who wait for their turn come first: where the store answers at once, newcomers would overtake them for
        /// ever.
        let goBehindOthers (loaded: Loaded) (pending: Session | null) planned started =
            task {
                match! enter loaded.Place with
                | ValueSome latest when loaded.Record |> ValueOption.exists (fun was -> was.Version <> latest.Version) ->
                    return! goOnFrom latest loaded loaded pending 0 started
                | _ -> return! go loaded loaded pending planned 1 started
            }

        member _.Run(loaded: Loaded, pending: Session | null, planned: struct (Plan * 'R)) : Task<Stepped<'R>> =
            task {
                try
                    let started = Stopwatch.StartNew()

                    match planned with
                    | struct ((Plan.Replace _ | Plan.Rekey _), _) when session.Queues.IsBusy loaded.Place.Key ->
                        return! goBehindOthers loaded pending planned started
                    | _ -> return! go loaded loaded pending planned 1 started
                finally
                    if isQueued then
                        session.Queues.Leave(loaded.Place.Key, stored)
            }

    /// `pending` is made from `loaded`, or null.
    let run
        (session: NamedSession)
        (gate: ICookieGate)
        (loaded: Loaded)
        (pending: Session | null)
        (whenGone: WhenGone)
        (step: Session -> struct (Session * 'R))
        : ValueTask<Stepped<'R>> =
        let start =
            match pending with
            | null -> loaded.Session
            | pending -> pending

        match plan session gate step loaded start with
        // The way of every read: nothing to await, nothing to allocate.
        | struct (Plan.Nothing, result) -> ValueTask<Stepped<'R>>(finished Plan.Nothing result loaded CookieChange.None)
        | planned -> ValueTask<Stepped<'R>>(Runner(session, gate, whenGone, step).Run(loaded, pending, planned))
