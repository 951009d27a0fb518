namespace Runa.Session

open System
open System.Threading
open System.Threading.Tasks
open Runa.Session.Hosting

/// Runs a step and commits the session that it hands back. If another request is first, it tries again (promise 12).
module internal Transact =
    /// What stays the same over all attempts of a request.
    [<NoComparison; NoEquality>]
    type private Run<'R> =
        {
            Home: Home
            Watch: IStepWatch
            WhenGone: WhenGone
            Step: Session -> struct (Session * 'R)
            Token: CancellationToken
            First: Snapshot
            /// In milliseconds, by Environment.TickCount64.
            Started: int64
            /// Its turn in the commit queue; null: it has not asked for one.
            mutable Turn: CommitTurn | null
            /// The latest attempt's number and plan.
            mutable Count: int
            mutable Plan: Plan
        }

    let private tokenOf (step: Session -> struct (Session * 'R)) : CancellationToken =
        match box step with
        | :? ICancellable as step -> step.Token
        | _ -> CancellationToken.None

    let private begin' home watch whenGone (step: Session -> struct (Session * 'R)) (first: Snapshot) : Run<'R> =
        { Home = home
          Watch = watch
          WhenGone = whenGone
          Step = step
          Token = tokenOf step
          First = first
          Started = Environment.TickCount64
          Turn = null
          Count = 0
          Plan = Plan.Nothing }

    let private takeTurn (run: Run<'R>) : Task<SessionRecord voption> =
        match run.Turn with
        | null ->
            let turn = CommitTurn(run.Home.Definition, run.First.Place.Key, run.Token)
            run.Turn <- turn
            turn.Take()
        | turn -> turn.Take()

    let private store (run: Run<'R>) (now: Snapshot) : unit =
        match run.Turn with
        | null -> ()
        | turn -> turn.Store now

    let private leave (run: Run<'R>) : unit =
        match run.Turn with
        | null -> ()
        | turn -> turn.Leave()

    let private standing (run: Run<'R>) from pending count : Attempt =
        { WhenGone = run.WhenGone
          CanSendCookie = Stepping.canSendCookie run.Watch
          From = from
          Pending = pending
          Count = count
          Elapsed = TimeSpan.FromMilliseconds(Environment.TickCount64 - run.Started) }

    let private happened (run: Run<'R>) (from: Snapshot) (outcome: Outcome) : Happened =
        let definition = run.Home.Definition
        let gone (empty: Snapshot) = Happened.Gone(Stepping.found run.Watch (empty.LookedAt run.First.Since))

        match outcome with
        | Outcome.Committed answer -> Happened.Committed answer
        | Outcome.Missing -> gone (Snapshot.gone definition from.Place)
        | Outcome.Unreadable -> gone (Snapshot.unreadable definition from.Place)
        | Outcome.Conflict current ->
            definition.Telemetry.Conflict()
            Happened.Overtaken current

    /// Turns a record into a snapshot, for a request that has looked at the session before.
    let private found (run: Run<'R>) (from: Snapshot) (record: SessionRecord) : Happened =
        let now = Snapshot.ofRecord run.Home.Definition from.Place record
        Happened.Found(Stepping.found run.Watch (now.SeenLiveAt(from.Since, Plan.flight).LookedAt run.First.Since))

    /// Gives up the turn when the commit has ended.
    let private finish run (committing: Task<struct (Answer * 'R)>) : ValueTask<struct (Answer * 'R)> =
        ValueTask<struct (Answer * 'R)>(
            task {
                try
                    return! committing
                finally
                    leave run
            }
        )

    let rec private attempt run (from: Snapshot) pending (struct (plan, result)) count =
        // An attempt that has begun is finished, even if the caller stops waiting (promise 15).
        run.Token.ThrowIfCancellationRequested()
        run.Count <- count
        run.Plan <- plan

        Executing.run run.Home from plan
        |> ValueTasks.bind (fun outcome -> attempted run from pending result count outcome)

    and private attempted run from pending (result: 'R) count (outcome: Outcome) : ValueTask<struct (Answer * 'R)> =
        let attempted = standing run from pending count

        match Attempt.next attempted (happened run from outcome) with
        | Next.Finish answer ->
            store run answer.Snapshot
            ValueTask<struct (Answer * 'R)>(struct (answer, result))
        | next -> finish run (goOn run attempted next result)

    and private goOn run (attempted: Attempt) (next: Next) (result: 'R) : Task<struct (Answer * 'R)> =
        let definition = run.Home.Definition

        let again (now: Snapshot) pending start mayWrite =
            let struct (plan, _) as planned = Stepping.run run.Home run.Watch run.Step now start

            if not (mayWrite || Plan.isNothing plan) then
                CommitTurn.Refuse(definition, Attempt.endedMeanwhile)

            (attempt run now pending planned (attempted.Count + 1)).AsTask()

        match next with
        | Next.Finish answer -> Task.FromResult(struct (answer, result))
        | Next.TakeTurn current ->
            task {
                let! latest = takeTurn run
                let newest = ValueOption.defaultValue current latest
                return! goOn run attempted (Attempt.next attempted (found run attempted.From newest)) result
            }
        | Next.Step now -> again now null now.Session true
        | Next.Merge(now, pending) -> again now pending (Carrying.merge definition now run.First.Session pending) true
        | Next.StartOver(empty, mayWrite, isDropped) ->
            if isDropped then
                definition.Telemetry.Dropped()
                Log.dropped definition.Log definition.Name

            again empty null empty.Session mayWrite
        | Next.GiveUp why -> CommitTurn.Refuse(definition, why)

    /// Lets requests that wait for their turn go first. With a store that answers at once, newcomers would overtake
    /// them for ever.
    let private behindOthers run pending (struct (_, result) as planned) : Task<struct (Answer * 'R)> =
        task {
            match! takeTurn run with
            | ValueSome latest when run.First.Record |> ValueOption.exists (fun was -> was.Version <> latest.Version) ->
                let attempted = standing run run.First pending 0
                return! goOn run attempted (Attempt.next attempted (found run run.First latest)) result
            | _ -> return! attempt run run.First pending planned 1
        }

    /// Starts the first attempt. It does not wait for a turn.
    let private start (home: Home) (step: Session -> struct (Session * 'R)) (snapshot: Snapshot) plan =
        try
            (tokenOf step).ThrowIfCancellationRequested()
            Executing.run home snapshot plan
        with e ->
            ValueTask<Outcome>(Task.FromException<Outcome> e)

    /// The answer of an attempt that has committed already.
    let private committedAtOnce (attempt: ValueTask<Outcome>) : Answer voption =
        if not attempt.IsCompletedSuccessfully then
            ValueNone
        else
            match attempt.Result with
            | Outcome.Committed answer -> ValueSome answer
            | _ -> ValueNone

    /// Runs the step on the session of the snapshot, or on `pending`, which a run-once handler made from it.
    let plan home watch step (snapshot: Snapshot) (pending: Session | null) : struct (Plan * 'R) =
        let start =
            match pending with
            | null -> snapshot.Session
            | pending -> pending

        Stepping.run home watch step snapshot start

    /// Commits as `commit` does, and tells those who listen.
    let private watched (run: Run<'R>) pending planned : ValueTask<struct (Answer * 'R)> =
        let telemetry = run.Home.Definition.Telemetry
        let watched = telemetry.Commit()
        let struct (plan, _) = planned

        Watching.run
            watched
            (fun () ->
                if Plan.replaces plan && run.Home.Definition.Queues.IsBusy run.First.Place.Key then
                    finish run (behindOthers run pending planned)
                else
                    attempt run run.First pending planned 1)
            (fun _ -> telemetry.CommitEnded(watched, Plan.outcome run.Plan, run.Count))
            (fun e -> telemetry.CommitFailed(watched, e, run.Count))

    /// Commits what `plan` returned. A conflict runs the step again, or merges `pending`. Raises
    /// SessionConflictException, SessionStoreException or SessionTooLargeException.
    let commit home watch whenGone step snapshot pending (struct (plan, result) as planned: struct (Plan * 'R)) =
        if Plan.isNothing plan then
            ValueTask<struct (Answer * 'R)>(struct (Answer.unwritten snapshot, result))
        elif home.Definition.Telemetry.WatchesCommits then
            watched (begin' home watch whenGone step snapshot) pending planned
        elif Plan.replaces plan && home.Definition.Queues.IsBusy snapshot.Place.Key then
            let run = begin' home watch whenGone step snapshot
            finish run (behindOthers run pending planned)
        else
            let first = start home step snapshot plan

            match committedAtOnce first with
            // Every write that meets no other takes this path, if its store answers at once.
            | ValueSome answer -> ValueTask<struct (Answer * 'R)>(struct (answer, result))
            | ValueNone ->
                let run = begin' home watch whenGone step snapshot
                first |> ValueTasks.bind (fun outcome -> attempted run snapshot pending result 1 outcome)

    /// Runs the step, and commits what it returned.
    let run home watch whenGone step snapshot pending : ValueTask<struct (Answer * 'R)> =
        plan home watch step snapshot pending |> commit home watch whenGone step snapshot pending

    /// Commits a session that was set. There is no step to run unless another request is first.
    let commitSet home watch snapshot (wanted: Session) : ValueTask<struct (Answer * unit)> =
        let planned = struct (Stepping.planned home watch snapshot wanted, ())
        commit home watch WhenGone.StepAgainUnlessOwned (fun set -> struct (set, ())) snapshot wanted planned

    /// For a snapshot that no step follows: moves the idle end if a touch is due, or sets it anew if the idle timeout
    /// was changed.
    let touchIfDue (home: Home) (snapshot: Snapshot) : ValueTask<Snapshot> =
        let definition = home.Definition

        // The plan uses the time of the load, as that of a step does.
        match Plan.make snapshot.Now definition.Settings.IdleTimeout snapshot snapshot.Session with
        | Plan.Touch _
        | Plan.Replace _ as plan ->
            Executing.run home snapshot plan
            |> ValueTasks.map (fun outcome ->
                match outcome with
                | Outcome.Committed answer -> answer.Snapshot
                | Outcome.Conflict current ->
                    (Snapshot.ofRecord definition snapshot.Place current).LookedAt snapshot.Since
                | Outcome.Missing -> (Snapshot.gone definition snapshot.Place).LookedAt snapshot.Since
                | Outcome.Unreadable -> (Snapshot.unreadable definition snapshot.Place).LookedAt snapshot.Since)
        | _ -> ValueTask<Snapshot> snapshot
