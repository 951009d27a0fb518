namespace Runa.Session

open System
open Runa.Session.Hosting

/// Runs steps, checks their results and plans what must be written.
module internal Stepping =
    let canSendCookie (watch: IStepWatch) = isNull watch || watch.CanSendCookie

    /// What a commit has found, after the watch was told if the session has ended.
    let found (watch: IStepWatch) (now: Snapshot) : Snapshot =
        if not (now.IsActive || isNull watch) then
            watch.SawEnd()

        now

    /// Raises InvalidOperationException if `back` was not made from `given`.
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

    /// Raises if the plan needs a cookie that cannot be sent any more: SessionConflictException if the session has
    /// ended, otherwise InvalidOperationException.
    let checkCookie (home: Home) (watch: IStepWatch) (snapshot: Snapshot) (plan: Plan) =
        if home.NeedsCookie plan && not (canSendCookie watch) then
            let definition = home.Definition

            let hasEnded = snapshot.Status.HasEnded

            if hasEnded || Instant.isUntil definition.Now snapshot.State.ExpiresAt then
                CommitTurn.Refuse(definition, Attempt.ended)

            raise (
                InvalidOperationException
                    $"The session \"{definition.Name}\" cannot be saved: this change must set or expire its cookie, but the response has started. Change the session before the first write. Nothing was saved."
            )

    /// The plan for a session that was made from the snapshot.
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

    /// The plan for a session that was made from the snapshot. It uses the time of the load: whoever made the session saw
    /// it alive. Raises what checkCookie raises.
    let planned (home: Home) (watch: IStepWatch) (snapshot: Snapshot) (wanted: Session) : Plan =
        let plan = Plan.make snapshot.Now home.Definition.Settings.IdleTimeout snapshot wanted
        checkCookie home watch snapshot plan
        Binding.settle (not (isNull watch) && watch.OffersDevice) snapshot plan

    /// Runs the step on a session that was made from the snapshot. Returns the plan and the step's result.
    let run (home: Home) (watch: IStepWatch) (step: Session -> struct (Session * 'R)) (snapshot: Snapshot) start =
        let struct (wanted, result) = invoke watch step start
        check start wanted
        struct (planned home watch snapshot wanted, result)
