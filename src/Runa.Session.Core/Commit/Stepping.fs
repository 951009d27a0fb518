namespace Runa.Session

open System

/// What a step runs in. Null: nothing that has to know.
[<AllowNullLiteral>]
type internal IStepWatch =
    /// The response can still set a cookie.
    abstract CanSendCookie: bool

    /// The step begins to run, on this thread. Answers what EndStep is to be given.
    abstract BeginStep: unit -> int

    /// The step has ended.
    abstract EndStep: before: int -> unit

/// From a step to what must be written.
module internal Stepping =
    let canSendCookie (watch: IStepWatch) = isNull watch || watch.CanSendCookie

    /// Raises InvalidOperationException for a session that was not made from the given one.
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

    /// Raises where the plan needs a cookie that cannot be sent: SessionConflictException where the session has ended,
    /// otherwise InvalidOperationException.
    let checkCookie (home: Home) (watch: IStepWatch) (snapshot: Snapshot) (plan: Plan) =
        if not (canSendCookie watch) && home.NeedsCookie plan then
            let definition = home.Definition

            if snapshot.Status = SessionStatus.Expired || Instant.isUntil definition.Now snapshot.State.ExpiresAt then
                CommitTurn.Refuse(definition, Attempt.ended)

            raise (
                InvalidOperationException
                    $"The session \"{definition.Name}\" cannot be saved: this change must set or expire its cookie, but the response has started. Change the session before the first write. Nothing was saved."
            )

    /// What must be written for a session that was made from the snapshot.
    let plan (home: Home) (snapshot: Snapshot) (wanted: Session) : Plan =
        let definition = home.Definition
        Plan.make definition.Now definition.Settings.IdleTimeout snapshot wanted

    let private invoke (watch: IStepWatch) (step: Session -> struct (Session * 'R)) (start: Session) =
        if isNull watch then
            step start
        else
            let before = watch.BeginStep()

            try
                step start
            finally
                watch.EndStep before

    /// Runs the step on a session that was made from the snapshot; what must be written then, and the step's result.
    let run (home: Home) (watch: IStepWatch) (step: Session -> struct (Session * 'R)) (snapshot: Snapshot) start =
        let struct (wanted, result) = invoke watch step start
        check start wanted
        // By the time of the load: the step saw the session alive.
        let definition = home.Definition
        let plan = Plan.make snapshot.Now definition.Settings.IdleTimeout snapshot wanted
        checkCookie home watch snapshot plan
        struct (plan, result)
