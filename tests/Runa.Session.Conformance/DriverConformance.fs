namespace Runa

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance

/// Says that a test of the conformance suite does not apply to the driver, and why: let the test library count the test as
/// skipped, with this message.
[<Sealed>]
type ConformanceSkippedException internal (reason: string, cause: exn) =
    inherit Exception(reason, cause)

/// The conformance suite for C# and any test library: a test for each promise, as a name and a function. Create one by
/// ForStore or InProcess, set what differs from the defaults, then run each of Tests; a test that fails raises.
[<Sealed>]
type DriverConformance private (name: string, openDriver: TimeProvider -> Task<SessionDriver>) =
    let optional (f: 'F | null) (make: 'F -> 'T) : 'T option =
        match f with
        | null -> None
        | f -> Some(make f)

    let unitAfter (work: Task) : Task<unit> = task { do! work }

    /// Async work raises an AggregateException of the one that was raised.
    let rec raised (e: exn) : exn =
        match e with
        | :? AggregateException as e when e.InnerExceptions.Count = 1 -> raised e.InnerExceptions[0]
        | :? IgnoreException as e -> ConformanceSkippedException(e.Message, e)
        | e -> e

    let run (code: TestCode) : Task =
        task {
            try
                match code with
                | Sync work -> work ()
                | Async work -> do! work
                | SyncWithCancel work -> work Threading.CancellationToken.None
                | AsyncFsCheck(_, _, work) -> do! work FsCheckConfig.defaultConfig
            with e ->
                Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(raised e)
        }

    let mutable tests: IReadOnlyDictionary<string, Func<Task>> | null = null

    /// For a driver whose store is outside this process. The function opens the driver with a clock. The suite disposes
    /// each driver that it opened. Drivers that are opened with one and the same clock must see one store: they stand for
    /// several processes. Raises ArgumentNullException if an argument is null.
    static member ForStore(name: string, openAsync: Func<TimeProvider, Task<SessionDriver>>) : DriverConformance =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(openAsync, nameof openAsync)
        DriverConformance(name, openAsync.Invoke)

    /// For a driver whose store is itself, such as a dictionary. The function makes one for a clock, and the suite uses it
    /// wherever it would open another one on the same store. It is not disposed. Raises ArgumentNullException if an
    /// argument is null.
    static member InProcess(name: string, create: Func<TimeProvider, SessionDriver>) : DriverConformance =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(create, nameof create)
        let made = ConditionalWeakTable<TimeProvider, SessionDriver>()

        DriverConformance(
            name,
            fun clock ->
                made.GetValue(clock, (fun clock -> create.Invoke clock))
                |> SessionDriver.withDispose (fun () -> ValueTask())
                |> Task.FromResult
        )

    /// With DriverGuarantee.LastWriteWins: whether writes through one driver are compared all the same, and only those of
    /// two processes can be lost. Default: false.
    member val SwapsWithinOneDriver = false with get, set

    /// Whether the store removes expired records itself, by its own clock, so that PurgeExpiredAsync may answer 0.
    /// Default: false.
    member val ExpiresByItself = false with get, set

    /// How many writers the tests of concurrency start. Default: 1,000.
    member val Writers = 1_000 with get, set

    /// How many interleavings the model test runs. Default: 2,000.
    member val Interleavings = 2_000 with get, set

    /// How many sessions an owner of many has. Default: 20,000.
    member val OwnedMany = 20_000 with get, set

    /// Returns everything that the store holds, of all keys: it is searched for tokens, ids and sealed values. Default:
    /// null, and those tests are skipped.
    member val Dump: Func<Task<byte[]>> | null = null with get, set

    /// Opens one more driver on the store of the first clock's drivers, itself with the second clock: a node whose clock
    /// differs. Default: null, and those tests are skipped.
    member val OpenBeside: Func<TimeProvider, TimeProvider, Task<SessionDriver>> | null = null with get, set

    /// True: makes the store full, so that it refuses what needs room. False: gives it room again. Default: null, and those
    /// tests are skipped.
    member val Fill: Func<TimeProvider, bool, Task> | null = null with get, set

    /// Removes the record under this key and leaves all else, as a store that evicts may do. Default: null, and those tests
    /// are skipped.
    member val DropRecord: Func<TimeProvider, StoreKey, Task> | null = null with get, set

    /// Removes the index of an owner (scope, owner) and leaves the records, as a store that evicts may do. Default: null,
    /// and those tests are skipped.
    member val DropIndex: Func<TimeProvider, string, string, Task> | null = null with get, set

    /// Changes the stored document under this key by the function and leaves all else that is stored with it. Default:
    /// null, and those tests are skipped.
    member val Rewrite: Func<TimeProvider, StoreKey, Func<byte[], byte[]>, Task> | null = null with get, set

    /// The tests by name, such as "records / promise 3: create never overwrites". Run them one after another. A test that
    /// fails raises what Expecto raises; one that does not apply to the driver raises ConformanceSkippedException. What is
    /// set afterwards has no effect.
    member this.Tests: IReadOnlyDictionary<string, Func<Task>> =
        match tests with
        | null ->
            let driver =
                { DriverUnderTest.create name openDriver with
                    SwapsWithinOneDriver = this.SwapsWithinOneDriver
                    ExpiresByItself = this.ExpiresByItself
                    Writers = this.Writers
                    Interleavings = this.Interleavings
                    OwnedMany = this.OwnedMany
                    Dump = optional this.Dump (fun dump -> dump.Invoke)
                    Store =
                        { OpenBeside = optional this.OpenBeside (fun f first second -> f.Invoke(first, second))
                          Fill = optional this.Fill (fun f clock isFull -> unitAfter (f.Invoke(clock, isFull)))
                          DropRecord = optional this.DropRecord (fun f clock key -> unitAfter (f.Invoke(clock, key)))
                          DropIndex =
                            optional this.DropIndex (fun f clock scope owner ->
                                unitAfter (f.Invoke(clock, scope, owner)))
                          Rewrite =
                            optional this.Rewrite (fun f clock key change ->
                                unitAfter (f.Invoke(clock, key, Func<byte[], byte[]> change))) } }

            let all = OrderedDictionary<string, Func<Task>>()

            for test in Test.toTestCodeList (Conformance.tests driver) do
                all.Add(String.Join(" / ", List.tail test.name), Func<Task>(fun () -> run test.test))

            tests <- all
            all
        | tests -> tests
