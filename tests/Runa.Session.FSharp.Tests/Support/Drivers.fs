/// Drivers for tests: the memory driver, or another, behind something that counts, fails, hangs or waits.
module internal Runa.Session.Tests.Drivers

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Time.Testing
open Runa.Session

[<RequireQualifiedAccess>]
type StoreOperation =
    | Load
    | Create
    | Replace
    | Touch
    | Delete
    | List
    | Epoch
    | Advance
    | DeleteAll
    | Purge
    | Ping

    member operation.IsWrite =
        match operation with
        | Create
        | Replace
        | Touch
        | Delete
        | Advance
        | DeleteAll -> true
        | Load
        | List
        | Epoch
        | Purge
        | Ping -> false

/// What becomes of one call.
[<RequireQualifiedAccess; NoComparison>]
type Behaviour =
    | Pass
    /// Fails, and nothing was done.
    | FailBefore
    /// It is done, and the answer is lost.
    | FailAfter
    /// Never answers, and ignores its cancellation.
    | Hang
    /// Never answers until it is cancelled.
    | HangUntilCancelled
    /// Done once the task has ended.
    | Wait of Task

/// What the drivers here raise.
type StoreDown(operation: StoreOperation) =
    inherit Exception($"The store is down ({operation}).")

/// Behind every call of a driver.
type IAround =
    abstract Call: StoreOperation -> CancellationToken -> (unit -> ValueTask<'T>) -> ValueTask<'T>

let private answered (answer: ValueTask) : ValueTask<unit> =
    if answer.IsCompletedSuccessfully then
        ValueTask<unit>()
    else
        ValueTask<unit>(task { do! answer })

/// A driver whose calls all pass through `around`. It is not in-process, so that store calls have their time limit.
let wrap (around: IAround) (inner: SessionDriver) : SessionDriver =
    let owners (index: OwnerIndex) : OwnerIndex =
        { List =
            fun scope owner from token ->
                around.Call StoreOperation.List token (fun () -> index.List scope owner from token)
          Epoch =
            fun scope owner token -> around.Call StoreOperation.Epoch token (fun () -> index.Epoch scope owner token)
          Advance =
            fun scope owner token ->
                let call () = answered (index.Advance scope owner token)
                ValueTask((around.Call StoreOperation.Advance token call).AsTask())
          DeleteAll =
            fun scope token -> around.Call StoreOperation.DeleteAll token (fun () -> index.DeleteAll scope token) }

    { inner with
        Load = fun key token -> around.Call StoreOperation.Load token (fun () -> inner.Load key token)
        Create =
            fun key record token -> around.Call StoreOperation.Create token (fun () -> inner.Create key record token)
        Replace =
            fun key version record token ->
                around.Call StoreOperation.Replace token (fun () -> inner.Replace key version record token)
        Touch =
            fun key idleExpiresAt token ->
                around.Call StoreOperation.Touch token (fun () -> inner.Touch key idleExpiresAt token)
        Delete = fun key token -> around.Call StoreOperation.Delete token (fun () -> inner.Delete key token)
        DeleteMany = fun keys token -> around.Call StoreOperation.Delete token (fun () -> inner.DeleteMany keys token)
        Owners = ValueOption.map owners inner.Owners
        PurgeExpired = fun token -> around.Call StoreOperation.Purge token (fun () -> inner.PurgeExpired token)
        Ping =
            fun token ->
                ValueTask((around.Call StoreOperation.Ping token (fun () -> answered (inner.Ping token))).AsTask())
        Place = DriverPlace.Store }

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
        |> wrap
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

/// The clock of a test: it stands still until the test moves it.
let clock () = FakeTimeProvider(DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero))

/// The memory driver, on that clock.
let memory (clock: TimeProvider) : SessionDriver = MemoryDriver.create clock

/// Long and varied enough for the checks at startup.
let secret = "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T"

/// A setup with that secret, clock and driver, the latter under the name "memory", which is the default.
let setup (clock: TimeProvider) (driver: SessionDriver) : SessionSetup =
    SessionSetup.empty
    |> SessionSetup.secrets [ secret ]
    |> SessionSetup.application "tests"
    |> SessionSetup.timeProvider clock
    |> SessionSetup.driver "memory" driver

/// A registry of such a setup.
let registry (clock: TimeProvider) (driver: SessionDriver) : SessionRegistry =
    SessionRegistry.create (setup clock driver)

/// The Cookie header that a browser sends back for these Set-Cookie values; None where the last one took the cookie away.
let cookieHeader (setCookies: string list) : string option =
    match List.tryLast setCookies with
    | None -> None
    | Some text ->
        let pair = text.Substring(0, text.IndexOf ';')
        if pair.EndsWith '=' then None else Some pair

/// What the browser holds after a response: the header before, unless the response set one.
let nextHeader (before: string option) (setCookies: string list) : string option =
    if setCookies.IsEmpty then before else cookieHeader setCookies
