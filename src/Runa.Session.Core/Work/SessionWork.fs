namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Runa.Session.Hosting

/// One session in one request: its loads, steps and commits, one after another. SessionScope is its public face.
[<Sealed>]
type internal SessionWork(home: Home, host: IScopeHost) =
    let mutable work = Work.none
    let mutable lane = Lane()
    let mutable renewal: CookieRenewal = null
    // Kept, because servers use the objects of a request again: a session that outlives it would read the next one's.
    let cookies = host.Cookies
    let mutable originOfStepOnce: SessionOrigin = null

    let settle (from: Snapshot) (set: Session | null) (struct (answer: Answer, result: 'R)) : struct ('R * bool) =
        work <- Work.settle from set answer work
        struct (result, answer.IsWritten)

    /// Reads or changes the state while an operation may be under way, which ends on another thread.
    member inline private this.Alone([<InlineIfLambda>] act: unit -> 'T) : 'T =
        if lane.IsFree then act () else lock this act

    /// Asks the store. A peek writes nothing.
    member this.Fetch(isPeek: bool) : ValueTask<Snapshot> =
        match home.Arrive with
        | ValueNone -> home.Load cookies
        | ValueSome arrive -> ArrivedLoad.run home arrive { Host = this; Cookies = cookies; IsPeek = isPeek }

    member _.Home = home
    member _.Host = host
    member _.Definition = home.Definition
    member _.Cookie = CookieRenewal.unless work.Cookie work.Snapshot renewal
    member _.HasEnded = work.HasEnded
    member _.Offered = work.Offered
    member _.IsLoaded = Work.isLoaded work
    member _.IsPending = Work.isPending work

    /// The session that was set but not committed yet, or the exception that prevents the commit. Null: neither.
    member _.Uncommitted: objnull = if isNull work.Pending then box work.Fault else box work.Pending

    member _.IsFree = lane.IsFree
    member _.IsStepping = lane.IsMyStep
    member _.Snapshot = work.Snapshot

    /// The current session, including what was set. It must be loaded.
    member this.Current: Session = this.Alone(fun () -> Work.current work)

    /// The current session, for a caller who may pass it to Put later.
    member this.Show() : Session =
        this.Alone(fun () ->
            let struct (session, shown) = Work.show work
            work <- shown
            session)
    /// Whether the session was made from the one that Show returns.
    member _.IsShown(wanted: Session) = Work.isShown wanted work

    /// Whether the session was made from the one that the latest run-once step was given.
    member _.IsOfStepOnce(wanted: Session) = Object.ReferenceEquals(wanted.Origin, originOfStepOnce)

    /// Raises InvalidOperationException if the caller is a step of this session.
    member _.CheckNotStepping() =
        if lane.IsMyStep then
            raise (Misuse.nested home.Definition.Name)

    /// The current snapshot; before the first load a new one, which must be handed to Keep.
    member private this.Loading() : ValueTask<Snapshot> =
        if Work.isLoaded work then
            ValueTask<Snapshot> work.Snapshot
        else
            this.Fetch false

    /// Keeps what was loaded. Another load may have been quicker, and its session may have been changed already.
    member private _.Keep(found: Snapshot) : Snapshot =
        if not (Work.isLoaded work) then
            work <- Work.load found work

        work.Snapshot

    member private this.Find() : ValueTask<Snapshot> = this.Loading() |> ValueTasks.map (fun found -> this.Keep found)

    /// Loads the session once, and touches it if that is due. Used where no step follows, which would touch it.
    member this.Load() : ValueTask<Session> =
        if Work.isLoaded work then
            ValueTask<Session> this.Current
        else
            this.Find()
            |> ValueTasks.bind (fun found ->
                Transact.touchIfDue home found
                |> ValueTasks.map (fun now ->
                    work <- Work.touched found now work
                    this.Current))

    /// Loads the session again, for a stream or a socket that stays open for long. Raises InvalidOperationException if
    /// something was set and not committed, and inside a step.
    member this.Reload() : ValueTask<Session> =
        this.CheckNotStepping()

        lane.InTurn(fun () ->
            Work.checkCommitted home.Definition.Name work

            ValueTask<Session>(
                task {
                    let! found = this.Fetch false
                    let! touched = Transact.touchIfDue home found
                    Work.checkCommitted home.Definition.Name work
                    work <- Work.reload touched work
                    return this.Current
                }
            ))

    /// Applies a commit's result. If `set` may have been saved, and must not be saved twice, later commits raise that.
    member private this.Settle
        (from: Snapshot, set: Session | null, committing: ValueTask<struct (Answer * 'R)>)
        : ValueTask<struct ('R * bool)> =
        if committing.IsCompletedSuccessfully then
            ValueTask<struct ('R * bool)>(settle from set committing.Result)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    try
                        let! committed = committing
                        return lock this (fun () -> settle from set committed)
                    with :? SessionStoreException as e when e.MayHaveBeenSaved && Work.addsUp set ->
                        lock this (fun () -> work <- { work with Fault = e })
                        ExceptionDispatchInfo.Throw e
                        return Unchecked.defaultof<_>
                }
            )

    member private this.StepNow(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        Work.checkFault work

        this.Loading()
        |> ValueTasks.bind (fun found ->
            this.Keep found |> ignore
            this.StepOn(whenGone, step))

    member private this.StepOn(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        let set = work.Pending
        let struct (from, given, givenOut) = Work.give work
        work <- givenOut
        let pending = if isNull set then null else given
        let struct (plan, result) as planned = Transact.plan home this step from pending

        if Plan.isNothing plan && isNull set && isNull work.Pending then
            // Every read takes this path, unless a touch is due: nothing is to be settled.
            ValueTask<struct ('R * bool)>(struct (result, false))
        else
            this.Settle(from, set, Transact.commit home this whenGone step from pending planned)

    member private this.StepLater(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        this.CheckNotStepping()

        if not lane.HasStep then
            lane.InTurn(fun () -> this.StepNow(whenGone, step))
        else
            let seen = lane.Steps

            ValueTask<struct ('R * bool)>(
                task {
                    // A step runs on another thread.
                    do! Lane.AwaitStep(home.Definition.Name, (fun () -> lane.HasStep && lane.Steps = seen))
                    return! lane.InTurn(fun () -> this.StepNow(whenGone, step))
                }
            )

    /// Runs a step that can run again, and commits. Returns its result, and whether more than a touch was written.
    member this.Step(whenGone: WhenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        if not lane.HasStep && lane.IsFree then
            lane.Take(this.StepNow(whenGone, step))
        else
            this.StepLater(whenGone, step)

    /// Runs a step that may do I/O once; on a conflict its changes are merged.
    member this.StepOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        this.CheckNotStepping()

        task {
            let! start = this.Find()
            Work.checkFault work
            let struct (_, given, givenOut) = Work.give work
            work <- givenOut
            originOfStepOnce <- given.Origin
            let before = work.Pending
            let! struct (wanted, result) = step given
            Stepping.check given wanted

            if Work.isSetSince before work then
                raise (Misuse.setInStep home.Definition.Name)

            while not lane.IsFree do
                do! lane.Free()

            let struct (now, wanted) = Work.carry start given wanted work
            let asItIs (session: Session) = struct (session, result)
            let committing = Transact.run home this WhenGone.StepAgainUnlessOwned asItIs now wanted
            return! lane.Take(this.Settle(now, work.Pending, committing))
        }

    /// Sets a session, which was made from the current one, to be committed later. Raises if it needs a cookie that
    /// cannot be sent any more: SessionConflictException if the session has ended, otherwise InvalidOperationException.
    member this.Put(wanted: Session) =
        this.CheckNotStepping()

        if not host.CanSendCookie then
            Stepping.checkCookie home this work.Snapshot (Stepping.plan home work.Snapshot wanted)

        this.Alone(fun () -> work <- Work.put wanted work)

    /// Records that a change was lost. The commit raises the exception: no response says that it was saved (promise 14).
    member this.Fail(e: exn) = this.Alone(fun () -> work <- Work.fail e work)

    /// Drops what was set but not committed.
    member this.Discard() = this.Alone(fun () -> work <- Work.discard work)

    member private this.CommitPending() : ValueTask<bool> =
        Work.checkFault work

        match work.Pending with
        | null -> ValueTask<bool> false
        | wanted ->
            let from = work.Snapshot
            let committing = Transact.commitSet home this from wanted
            this.Settle(from, wanted, committing) |> ValueTasks.map (fun (struct ((), isWritten)) -> isWritten)

    /// Commits what was set. Returns whether more than a touch was written.
    member this.Commit() : Task<bool> =
        try
            this.CheckNotStepping()
            if not lane.IsFree then lane.InTurn(fun () -> this.CommitPending()).AsTask()
            elif this.IsPending then lane.Take(this.CommitPending()).AsTask()
            else Task.FromResult false
        with e ->
            Task.FromException<bool> e

    interface IStepWatch with
        member _.CanSendCookie = host.CanSendCookie
        member _.OffersDevice = home.Definition.Devices.IsSome && host.CanSendCookie && host.MayBindDevice
        member _.BeginStep() = lane.BeginStep()
        member _.EndStep before = lane.EndStep before
        member _.SawEnd() = renewal <- null

    interface IArrivalHost with
        member _.Arrived = host.Arrived
        member _.MaySetCookie = host.CanSendCookie && not host.IsPrefetch
        member _.IsKnown = Work.isActive work || host.IsKnown home.Definition.Name
        member _.Renew change = renewal <- CookieRenewal.now change
