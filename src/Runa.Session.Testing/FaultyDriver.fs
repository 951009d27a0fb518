namespace Runa.Testing

open System
open System.Collections.Generic
open System.IO
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// What a call does instead of asking the store.
[<RequireQualifiedAccess>]
type private Fault =
    | Fail
    | FailAfter
    | Hang
    | Conflict

[<NoComparison; NoEquality>]
type private Planned =
    {
        Calls: StoreCalls
        Fault: Fault
        /// How many matching calls pass before it.
        mutable Before: int
        /// How many calls it is for.
        mutable Times: int
    }

/// A driver that fails, hangs or conflicts as a test says, and otherwise does what another driver does. Give `Driver` to the
/// application: services.UseFaultyDriver(…), SessionSetup.driver or AddDriver.
[<Sealed>]
type FaultyDriver(inner: SessionDriver) =
    let gate = obj ()
    let seen = List<StoreCalls>()
    let planned = List<Planned>()

    /// Counts the call, and finds what it is to do.
    let next (call: StoreCalls) : Fault option =
        lock gate (fun () ->
            seen.Add call
            let mutable found = None

            for plan in planned do
                if found.IsNone && plan.Calls.HasFlag call && plan.Times > 0 then
                    if plan.Before > 0 then
                        plan.Before <- plan.Before - 1
                    else
                        plan.Times <- plan.Times - 1
                        found <- Some plan.Fault

            found)

    let down (call: StoreCalls) : exn = IOException $"The FaultyDriver failed in {call}, as the test said."

    let around
        (call: StoreCalls)
        (token: CancellationToken)
        (conflict: (unit -> ValueTask<'T>) option)
        (ask: unit -> ValueTask<'T>)
        : ValueTask<'T> =
        match next call, conflict with
        | None, _
        | Some Fault.Conflict, None -> ask ()
        | Some Fault.Conflict, Some conflict -> conflict ()
        | Some Fault.Fail, _ -> ValueTask<'T>(Task.FromException<'T>(down call))
        | Some Fault.FailAfter, _ ->
            ValueTask<'T>(
                task {
                    let! _ = ask ()
                    return raise (down call)
                }
            )
        | Some Fault.Hang, _ ->
            ValueTask<'T>(
                task {
                    do! Task.Delay(Timeout.Infinite, token)
                    return Unchecked.defaultof<'T>
                }
            )

    let plan (calls: StoreCalls) (fault: Fault) (onCall: int) (times: int) =
        ArgumentOutOfRangeException.ThrowIfLessThan(onCall, 1, nameof onCall)
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1, nameof times)
        lock gate (fun () -> planned.Add { Calls = calls; Fault = fault; Before = onCall - 1; Times = times })

    let simple call token (ask: unit -> ValueTask<'T>) = around call token None ask

    let current key token () : ValueTask<ReplaceResult> =
        ValueTask<ReplaceResult>(
            task {
                match! inner.Load key token with
                | ValueSome record -> return ReplaceResult.Conflict record
                | ValueNone -> return ReplaceResult.Missing
            }
        )

    /// The same for a call that answers nothing.
    let answerless call token (ask: unit -> ValueTask) : ValueTask =
        let asked () : Task<bool> =
            task {
                do! ask ()
                return true
            }

        ValueTask((simple call token (fun () -> ValueTask<bool>(asked ()))).AsTask() :> Task)

    let owners (index: OwnerIndex) : OwnerIndex =
        let call = StoreCalls.Owners

        { List = fun scope owner from token -> simple call token (fun () -> index.List scope owner from token)
          Epoch = fun scope owner token -> simple call token (fun () -> index.Epoch scope owner token)
          Advance = fun scope owner token -> answerless call token (fun () -> index.Advance scope owner token)
          DeleteAll = fun scope token -> simple call token (fun () -> index.DeleteAll scope token) }

    // In the place of a store, not of this process: so that calls have their time limit.
    let driver =
        { inner with
            Load = fun key token -> simple StoreCalls.Load token (fun () -> inner.Load key token)
            Create = fun key record token -> simple StoreCalls.Create token (fun () -> inner.Create key record token)
            Replace =
                fun key version record token ->
                    around StoreCalls.Replace token (Some(current key token)) (fun () ->
                        inner.Replace key version record token)
            Touch = fun key ends token -> simple StoreCalls.Touch token (fun () -> inner.Touch key ends token)
            Delete = fun key token -> simple StoreCalls.Delete token (fun () -> inner.Delete key token)
            DeleteMany = fun keys token -> simple StoreCalls.Delete token (fun () -> inner.DeleteMany keys token)
            Owners = ValueOption.map owners inner.Owners
            Count =
                inner.Count
                |> ValueOption.map (fun count ->
                    fun scope token -> simple StoreCalls.Count token (fun () -> count scope token))
            Ping = fun token -> answerless StoreCalls.Ping token (fun () -> inner.Ping token)
            Place = DriverPlace.Store }

    /// On a store in the memory of this process, with the system's clock.
    new() = FaultyDriver(MemoryDriver.create TimeProvider.System)

    /// The driver to give to the application.
    member _.Driver: SessionDriver = driver

    /// All calls so far, in their order.
    member _.Calls: IReadOnlyList<StoreCalls> = lock gate (fun () -> seen.ToArray())

    /// The next of these calls fails, and nothing is done. The application gets SessionStoreException; who pings, as a health
    /// check, is told that the store is down.
    member _.Fail(calls: StoreCalls) : unit = plan calls Fault.Fail 1 1

    /// The n-th of these calls from now fails, and so do those after it, as many as `times` says. Raises
    /// ArgumentOutOfRangeException for less than 1.
    member _.Fail(calls: StoreCalls, onCall: int, times: int) : unit = plan calls Fault.Fail onCall times

    /// The n-th of these calls from now is done, but its answer is lost: the application cannot know whether the session was
    /// stored. Raises ArgumentOutOfRangeException for less than 1.
    member _.FailAfter(calls: StoreCalls, onCall: int) : unit = plan calls Fault.FailAfter onCall 1

    /// The n-th of these calls from now is not answered until its time limit, which for a ping is that of the health check; a
    /// count, which has none, until its caller cancels it. Raises ArgumentOutOfRangeException for less than 1.
    member _.Hang(calls: StoreCalls, onCall: int) : unit = plan calls Fault.Hang onCall 1

    /// The next changes, as many as `times` says, find that another request saved first. A step then runs again. Raises
    /// ArgumentOutOfRangeException for less than 1.
    member _.Conflict(times: int) : unit = plan StoreCalls.Replace Fault.Conflict 1 times

    /// Forgets what was planned: all calls are answered again.
    member _.Heal() : unit = lock gate planned.Clear
