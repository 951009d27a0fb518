namespace Runa.Session

open System

/// Where one request stands that tries to commit its step.
[<Struct; NoComparison; NoEquality>]
type internal Attempt =
    {
        WhenGone: WhenGone
        /// The response can still set a cookie.
        CanSendCookie: bool
        /// What the attempt started from.
        From: Snapshot
        /// What a run-once handler made of the session, which is merged and not computed again; null: the step runs again.
        Pending: Session | null
        /// Attempts so far.
        Count: int
        /// Time since the first one.
        Elapsed: TimeSpan
    }

/// What came of an attempt, or of asking what stands now.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Happened =
    | Committed of Answer
    /// Another request got there first, and left this record.
    | Overtaken of SessionRecord
    /// What stands now, after another request got there first.
    | Found of Snapshot
    /// The session is gone, and this stands for it.
    | Gone of Snapshot

/// What to do next.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Next =
    | Finish of Answer
    /// Wait for a turn among the requests of this process, then go on from the newest record that is known: this one, or the
    /// one that the request before has stored.
    | TakeTurn of SessionRecord
    /// Run the step on it.
    | Step of Snapshot
    /// Carry over what the run-once handler made, then run the step on it.
    | Merge of Snapshot * pending: Session
    /// Run the step on an empty session. `mayWrite`: it may change that one. `isDropped`: the changes of the run-once handler
    /// are dropped.
    | StartOver of Snapshot * mayWrite: bool * isDropped: bool
    /// Raise SessionConflictException.
    | GiveUp of why: string

/// Decides what a request does next that tries to commit its step. Pure.
module internal Attempt =
    let most = 64
    let longest = TimeSpan.FromSeconds 10.

    /// For a hub, a circuit or a stream, which outlives its session.
    let ended =
        "it has ended (signed out, revoked, expired or moved to a new id), and a new one needs a cookie, which cannot be sent any more. Nothing was saved. Change it before the first write, or let the browser load the page again"

    let endedMeanwhile = "it was signed in, and ended while the handler ran"

    /// What stands for a session that is gone.
    let private onGone (attempt: Attempt) (empty: Snapshot) : Next =
        let had = attempt.From.State.Owner
        let mayWrite = attempt.WhenGone = WhenGone.StepAgain || had.IsNone

        match attempt.Pending with
        | null -> Next.StartOver(empty, mayWrite, false)
        | _ when not mayWrite -> Next.GiveUp endedMeanwhile
        // Whoever is told "Welcome" is signed in.
        | pending when pending.State.Owner.IsSome && had.IsNone ->
            Next.GiveUp "it ended while the handler that signed in ran"
        | _ when attempt.WhenGone = WhenGone.Raise && not attempt.CanSendCookie -> Next.GiveUp ended
        | _ -> Next.StartOver(empty, mayWrite, true)

    let next (attempt: Attempt) (happened: Happened) : Next =
        match happened with
        | Happened.Committed answer -> Next.Finish answer
        | Happened.Overtaken _ when attempt.Count >= most || attempt.Elapsed > longest ->
            Next.GiveUp $"it kept changing for {attempt.Count} attempts"
        | Happened.Overtaken current -> Next.TakeTurn current
        | Happened.Found now when now.Status = SessionStatus.Active || now.IsSuperseded ->
            match attempt.Pending with
            | null -> Next.Step now
            | pending -> Next.Merge(now, pending)
        | Happened.Found empty
        | Happened.Gone empty -> onGone attempt empty
