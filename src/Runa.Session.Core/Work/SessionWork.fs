namespace Runa.Session.Hosting

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Runa.Session

[<AbstractClass>]
type SessionWork internal (home: Home, host: IScopeHost) =
    let mutable work = Work.none
    let mutable lane = Lane()
    // The Cookie header of this request. It is kept, because servers use the objects of a request again: a session that
    // outlives its request would otherwise read the header of the next one.
    let cookies = host.Cookies
    // The origin of the session that the latest run-once step was given.
    let mutable once: SessionOrigin = null

    let checkNothingPending () =
        if not (isNull work.Pending) then
            raise (Misuse.reloaded home.Definition.Name)

    let settle (from: Snapshot) (set: Session | null) (struct (answer: Answer, result: 'R)) : struct ('R * bool) =
        work <- Work.settle from set answer work
        struct (result, answer.IsWritten)

    member internal _.Home = home
    member internal _.Host = host
    member internal _.Definition = home.Definition
    member internal _.CookieChange = work.Cookie
    member internal _.HasLoaded = Work.isLoaded work
    member internal _.IsPending = Work.isPending work

    member internal _.LeftOver: objnull = if isNull work.Pending then box work.Fault else box work.Pending

    member internal _.IsFree = lane.IsFree
    member internal _.IsInStep = lane.IsMyStep
    member internal _.Snapshot = work.Snapshot

    member internal _.Now: Session = Work.current work

    member internal _.ShowNow() : Session =
        let struct (session, shown) = Work.show work
        work <- shown
        session

    member internal _.WasShown(wanted: Session) = Work.isShown wanted work

    member internal _.IsOfStepOnce(wanted: Session) = Object.ReferenceEquals(wanted.Origin, once)

    member internal _.CheckNotStepping() =
        if lane.IsMyStep then
            raise (Misuse.nested home.Definition.Name)

    /// Waits for a step that runs on another thread. Raises InvalidOperationException if it does not end in time.
    member private _.StepEnded() : Task =
        let seen = lane.Steps

        task {
            let! hasEnded = Lane.StepEnded(fun () -> lane.HasStep && lane.Steps = seen)

            if not hasEnded then
                raise (Misuse.nested home.Definition.Name)
        }

    member private _.CheckFault() =
        match work.Fault with
        | null -> ()
        | e -> ExceptionDispatchInfo.Throw e

    /// Loads the session at the first call. Later calls return the current snapshot.
    member private _.Find() : ValueTask<Snapshot> =
        if Work.isLoaded work then
            ValueTask<Snapshot> work.Snapshot
        else
            home.Load cookies
            |> ValueTasks.map (fun found ->
                // Another load may have been quicker, and its session may have been changed already.
                if not (Work.isLoaded work) then
                    work <- Work.load found work

                work.Snapshot)

    member internal this.Loading() : ValueTask<Session> =
        if Work.isLoaded work then
            ValueTask<Session> this.Now
        else
            this.Find()
            |> ValueTasks.bind (fun found ->
                Transact.touchIfDue home found
                |> ValueTasks.map (fun touched ->
                    if Object.ReferenceEquals(work.Snapshot, found) then
                        work <- Work.load touched work

                    this.Now))

    member internal this.Reloading() : ValueTask<Session> =
        this.CheckNotStepping()

        lane.InTurn(fun () ->
            checkNothingPending ()

            ValueTask<Session>(
                task {
                    let! found = home.Load cookies
                    let! touched = Transact.touchIfDue home found
                    checkNothingPending ()
                    work <- Work.reload touched work
                    return this.Now
                }
            ))

    /// Applies a commit's result. If `set` may have been saved, and must not be saved twice, later commits raise that.
    member private _.Settle
        (from: Snapshot, set: Session | null, committing: ValueTask<struct (Answer * 'R)>)
        : ValueTask<struct ('R * bool)> =
        if committing.IsCompletedSuccessfully then
            ValueTask<struct ('R * bool)>(settle from set committing.Result)
        else
            ValueTask<struct ('R * bool)>(
                task {
                    try
                        let! committed = committing
                        return settle from set committed
                    with :? SessionStoreException as e when e.MayHaveBeenSaved && Work.addsUp set ->
                        work <- { work with Fault = e }
                        ExceptionDispatchInfo.Throw e
                        return Unchecked.defaultof<_>
                }
            )

    member private this.StepNow(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        this.CheckFault()
        this.Find() |> ValueTasks.bind (fun _ -> this.StepOn(whenGone, step))

    member private this.StepOn(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        let set = work.Pending
        let struct (from, given, givenOut) = Work.give work
        work <- givenOut
        let pending = if isNull set then null else given
        this.Settle(from, set, Transact.run home this whenGone step from pending)

    member private this.StepLater(whenGone, step: Session -> struct (Session * 'R)) : ValueTask<struct ('R * bool)> =
        this.CheckNotStepping()

        if not lane.HasStep then
            lane.InTurn(fun () -> this.StepNow(whenGone, step))
        else
            ValueTask<struct ('R * bool)>(
                task {
                    do! this.StepEnded()
                    return! lane.InTurn(fun () -> this.StepNow(whenGone, step))
                }
            )

    member internal this.Stepping
        (whenGone: WhenGone, step: Session -> struct (Session * 'R))
        : ValueTask<struct ('R * bool)> =
        if not lane.HasStep && lane.IsFree then
            // Almost every request takes this path, which makes no closure.
            lane.Take(this.StepNow(whenGone, step))
        else
            this.StepLater(whenGone, step)

    member internal this.SteppingOnce(step: Session -> Task<struct (Session * 'R)>) : Task<struct ('R * bool)> =
        this.CheckNotStepping()

        task {
            let! start = this.Find()
            this.CheckFault()
            let struct (_, given, givenOut) = Work.give work
            work <- givenOut
            once <- given.Origin
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

    member internal this.Put(wanted: Session) =
        this.CheckNotStepping()

        if not host.CanSendCookie then
            Stepping.checkCookie home this work.Snapshot (Stepping.plan home work.Snapshot wanted)

        work <- Work.put wanted work

    member internal _.Lose(e: exn) = work <- Work.fail e work

    member internal _.Drop() = work <- Work.discard work

    member private this.CommitPending() : ValueTask<bool> =
        this.CheckFault()

        match work.Pending with
        | null -> ValueTask<bool> false
        | wanted ->
            let from = work.Snapshot
            let asItIs (session: Session) = struct (session, ())
            let committing = Transact.run home this WhenGone.StepAgainUnlessOwned asItIs from wanted
            this.Settle(from, wanted, committing) |> ValueTasks.map (fun (struct ((), isWritten)) -> isWritten)

    member internal this.Committing() : Task<bool> =
        try
            this.CheckNotStepping()

            if not lane.IsFree then lane.InTurn(fun () -> this.CommitPending()).AsTask()
            elif this.IsPending then lane.Take(this.CommitPending()).AsTask()
            else Task.FromResult false
        with e ->
            Task.FromException<bool> e

    interface IStepWatch with
        member _.CanSendCookie = host.CanSendCookie
        member _.BeginStep() = lane.BeginStep()
        member _.EndStep before = lane.EndStep before
