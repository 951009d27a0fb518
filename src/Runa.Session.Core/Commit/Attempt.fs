namespace Runa.Session

open System

/// The state of one request that tries to commit its step.
[<Struct; NoComparison; NoEquality>]
type internal Attempt =
    {
        WhenGone: WhenGone
        /// Whether the response can still set a cookie.
        CanSendCookie: bool
        /// The snapshot from which the attempt started.
        From: Snapshot
        /// The session that a run-once handler made. A conflict merges it; null: a conflict runs the step again.
        Pending: Session | null
        /// The number of attempts so far.
        Count: int
        /// The time since the first attempt.
        Elapsed: TimeSpan
    }

/// What happened in an attempt, or when the session was looked up after it.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Happened =
    | Committed of answer: Answer
    /// Another request was first, and stored this record.
    | Overtaken of current: SessionRecord
    /// The session as another request, which was first, has stored it.
    | Found of now: Snapshot
    /// The session is gone. The snapshot is an empty one.
    | Gone of empty: Snapshot

/// What to do next.
[<Struct; RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Next =
    | Finish of answer: Answer
    /// Wait for a turn among the requests of this process. Then go on from the newest known record: this one, or the
    /// one that the previous request has stored.
    | TakeTurn of current: SessionRecord
    /// Run the step on this snapshot.
    | Step of now: Snapshot
    /// Merge the run-once handler's session onto this snapshot, then run the step on the result.
    | Merge of onto: Snapshot * pending: Session
    /// Run the step on an empty session. `mayWrite`: the step may change it. `isDropped`: the changes of the run-once
    /// handler are dropped.
    | StartOver of empty: Snapshot * mayWrite: bool * isDropped: bool
    /// Raise SessionConflictException.
    | GiveUp of why: string

/// Decides what a request does next when it tries to commit its step. Pure.
module internal Attempt =
    let most = 64
    let longest = TimeSpan.FromSeconds 10.

    /// Why a hub, a circuit or a stream that outlives its session cannot save it.
    let ended =
        "it has ended (signed out, revoked, expired or moved to a new id), and a new one needs a cookie, which cannot be sent any more. Nothing was saved. Change it before the first write, or let the browser load the page again"

    /// Why a token that another request has exchanged cannot be saved under.
    let moved = "another request has moved it to a new id (a sign-in or regenerate)"

    let endedMeanwhile = "it was signed in, and ended while the handler ran"

    /// What to do if the session is gone.
    let private onGone (attempt: Attempt) (empty: Snapshot) : Next =
        let had = attempt.From.State.Owner
        let mayWrite = attempt.WhenGone = WhenGone.StepAgain || had.IsNone

        match attempt.Pending with
        | null -> Next.StartOver(empty, mayWrite, false)
        | _ when not mayWrite -> Next.GiveUp endedMeanwhile
        // A response that says "Welcome" must not be sent if the sign-in is not stored.
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
        | Happened.Found now when now.IsActive || now.IsSuperseded ->
            match attempt.Pending with
            | null -> Next.Step now
            | pending -> Next.Merge(now, pending)
        | Happened.Found empty
        | Happened.Gone empty -> onGone attempt empty
