namespace Runa.Session.TestSupport

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Runa.Session

/// Counts every call, and does with it what `Behave` says.
type TestDriver(inner: SessionDriver, behave: StoreOperation -> Behaviour) as this =
    let calls = ConcurrentQueue<StoreOperation>()

    let fail operation : ValueTask<'T> = ValueTask<'T>(Task.FromException<'T>(StoreDown operation))

    let later (work: Task) (call: unit -> ValueTask<'T>) =
        ValueTask<'T>(
            task {
                do! work
                return! call ()
            }
        )

    let failAfter operation (call: unit -> ValueTask<'T>) : ValueTask<'T> =
        ValueTask<'T>(
            task {
                let! _ = call ()
                return raise (StoreDown operation)
            }
        )

    let driver =
        inner
        |> DriverAround.wrap
            { new IAround with
                member _.Call operation token call =
                    calls.Enqueue operation

                    match this.Behave operation with
                    | Behaviour.Pass -> call ()
                    | Behaviour.FailBefore -> fail operation
                    | Behaviour.FailAfter -> failAfter operation call
                    | Behaviour.Hang -> later (Task.Delay(Timeout.Infinite)) call
                    | Behaviour.HangUntilCancelled -> later (Task.Delay(Timeout.Infinite, token)) call
                    | Behaviour.Wait work -> later work call }

    /// Can be changed at any time.
    member val Behave = behave with get, set

    member _.Driver = driver

    /// All calls so far, in their order.
    member _.Calls = List.ofSeq calls

    member _.Count(operation: StoreOperation) = calls |> Seq.filter (fun call -> call = operation) |> Seq.length

    /// Forgets the calls so far.
    member _.Forget() = calls.Clear()

    static member Counting(inner: SessionDriver) = TestDriver(inner, (fun _ -> Behaviour.Pass))

    /// Those operations fail, with nothing done.
    static member Failing(inner: SessionDriver, operations: StoreOperation list) =
        TestDriver(inner, TestDriver.Only(operations, Behaviour.FailBefore))

    /// Those operations never answer.
    static member Hanging(inner: SessionDriver, operations: StoreOperation list) =
        TestDriver(inner, TestDriver.Only(operations, Behaviour.Hang))

    /// Those operations wait for the task.
    static member Slow(inner: SessionDriver, work: Task, operations: StoreOperation list) =
        TestDriver(inner, TestDriver.Only(operations, Behaviour.Wait work))

    /// The calls that match the script's head, in turn, behave as it says; all others pass.
    static member Scripted(inner: SessionDriver, script: (StoreOperation * Behaviour) list) =
        TestDriver(inner, TestDriver.Script script)

    /// For `Behave`.
    static member Only(operations: StoreOperation list, behaviour: Behaviour) =
        fun operation -> if List.contains operation operations then behaviour else Behaviour.Pass

    /// For `Behave`.
    static member Script(script: (StoreOperation * Behaviour) list) =
        let mutable left = script
        let guard = obj ()

        fun operation ->
            lock guard (fun () ->
                match left with
                | (wanted, behaviour) :: rest when wanted = operation ->
                    left <- rest
                    behaviour
                | _ -> Behaviour.Pass)
