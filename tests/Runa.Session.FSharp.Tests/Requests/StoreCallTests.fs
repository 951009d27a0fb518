module Runa.Session.Tests.StoreCallTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 1uy))

let private limited (driver: SessionDriver) =
    let clock = clock ()

    let registry =
        setup clock driver
        |> SessionSetup.storeTimeout (TimeSpan.FromMilliseconds 20.)
        |> SessionRegistry.create

    Engine.definition registry "web"

let private failure (work: unit -> Task<'T>) : SessionStoreException =
    try
        wait (work ()) |> ignore
        failtest "nothing was raised"
    with :? SessionStoreException as e ->
        e

let private deleting (driver: SessionDriver) =
    let session = limited driver
    fun () -> (StoredRecord.delete session key).AsTask()

let private loading (driver: SessionDriver) =
    let session = limited driver
    fun () -> (StoredRecord.load session { Token = GenuineToken(TokenWords(), key); Pieces = 0 }).AsTask()

let private inner () = memory (clock ())

/// A driver that ends a load in its own way when it is cancelled, which it comes to know after some work.
let private ending (how: TaskCompletionSource<SessionRecord voption> -> unit) : SessionDriver =
    let load (_: StoreKey) (token: CancellationToken) =
        ValueTask<SessionRecord voption>(
            task {
                let answer = TaskCompletionSource<SessionRecord voption>()
                do! Task.Delay 1
                use _ = token.Register(fun () -> how answer)
                return! answer.Task
            }
        )

    { inner () with Load = load; Place = DriverPlace.Store }

/// Calls of which most share a limit, each of a request that then blocks: all end.
let private endTogether (how: string) (call: unit -> Task<'T>) : unit =
    use gate = new ManualResetEventSlim()

    let blocking (call: Task<'T>) : Task =
        call.ContinueWith((fun (_: Task<'T>) -> gate.Wait()), TaskContinuationOptions.ExecuteSynchronously)

    // The first call ever takes longer, so that its limit would be its own.
    call().ContinueWith(fun (_: Task<'T>) -> ()).Wait()
    let calls = [ for _ in 1..4 -> call () ]
    let blocked = calls |> List.map blocking

    try
        for call in calls do
            SpinWait.SpinUntil((fun () -> call.IsCompleted), 5_000) |> Expect.isTrue $"{how}: it ended"
    finally
        gate.Set()
        wait (task { do! Task.WhenAll blocked })

[<Tests>]
let tests =
    testList
        "StoreCall"
        [ testCase "promise 14: what a driver throws reaches the application as SessionStoreException, cause kept"
          <| fun () ->
              let e = failure (loading (TestDriver.Failing(inner (), [ StoreOperation.Load ]).Driver))
              (e.InnerException :? StoreDown) |> Expect.isTrue "the cause"
              e.Message |> Expect.stringContains "names the session" "\"web\""
              e.Message |> Expect.stringContains "names the operation" "load"

          testCase "promise 14: only the error of a write says that it may have been saved"
          <| fun () ->
              let down = [ StoreOperation.Load; StoreOperation.Delete ]
              (failure (loading (TestDriver.Failing(inner (), down).Driver))).MayHaveBeenSaved
              |> Expect.isFalse "a load"
              (failure (deleting (TestDriver.Failing(inner (), down).Driver))).MayHaveBeenSaved
              |> Expect.isTrue "a write"

          testCase "promise 15: a driver that never answers and ignores its cancellation is left behind"
          <| fun () ->
              let e = failure (deleting (TestDriver.Hanging(inner (), [ StoreOperation.Delete ]).Driver))
              e.Message |> Expect.stringContains "says so" "did not answer"
              e.MayHaveBeenSaved |> Expect.isTrue "unknown"

          testCase "promise 15: a driver that heeds its cancellation is cancelled at the time limit"
          <| fun () ->
              let driver =
                  TestDriver(inner (), TestDriver.Only([ StoreOperation.Load ], Behaviour.HangUntilCancelled))
              (failure (loading driver.Driver)).Message |> Expect.stringContains "says so" "did not answer"

          testCase "promise 15: a request that blocks after its time limit holds up no call whose limit ends with it"
          <| fun () ->
              for behaviour in [ Behaviour.Hang; Behaviour.HangUntilCancelled ] do
                  let driver = TestDriver(inner (), TestDriver.Only([ StoreOperation.Load ], behaviour))
                  endTogether $"{behaviour}" (loading driver.Driver)

              let raising = ending (fun answer -> answer.SetException(StoreDown StoreOperation.Load))
              endTogether "raises when it is cancelled" (loading raising)
              let answering = ending (fun answer -> answer.SetResult ValueNone)
              endTogether "answers when it is cancelled" (loading answering)

          testCase "calls that begin together share a limit, later ones have their own"
          <| fun () ->
              let limits = CallLimits(TimeSpan.FromHours 1.)
              let first = limits.Begin()
              Object.ReferenceEquals(limits.Begin(), first) |> Expect.isTrue "one"
              let short = CallLimits(TimeSpan.FromMilliseconds 20.)
              let first = short.Begin()
              Thread.Sleep 20
              Object.ReferenceEquals(short.Begin(), first) |> Expect.isFalse "another"

          testCase "a long limit takes few timers, however long calls begin under it"
          <| fun () ->
              let limits = CallLimits(TimeSpan.FromDays 1.)
              let first = limits.Begin()
              Thread.Sleep 1_100
              Object.ReferenceEquals(limits.Begin(), first) |> Expect.isTrue "one"

          testCase "a driver that throws before it answers is treated in the same way"
          <| fun () ->
              for isInProcess in [ false; true ] do
                  let driver =
                      { inner () with
                          Load = (fun _ _ -> raise (StoreDown StoreOperation.Load))
                          Place = (if isInProcess then DriverPlace.Process else DriverPlace.Store) }
                  let e = failure (fun () -> task { return! (loading driver) () })
                  (e.InnerException :? StoreDown) |> Expect.isTrue $"in process: {isInProcess}"

          testCase "a SessionStoreException that a driver raises itself passes through unchanged"
          <| fun () ->
              let said = SessionStoreException("mine", false, null)
              let driver =
                  { inner () with
                      Delete =
                          (fun _ _ -> ValueTask<SessionRecord voption>(Task.FromException<SessionRecord voption> said))
                      Place = DriverPlace.Store }
              Object.ReferenceEquals(failure (deleting driver), said) |> Expect.isTrue "the same"

          testCase "an answer that comes later is waited for"
          <| fun () ->
              let gate = TaskCompletionSource()
              let driver = TestDriver.Slow(inner (), gate.Task, [ StoreOperation.Delete ])
              let deleted = (StoredRecord.delete (web (clock ()) driver.Driver) key).AsTask()
              deleted.IsCompleted |> Expect.isFalse "it waits"
              gate.SetResult()
              wait deleted |> Expect.equal "nothing was there" ValueNone

          testCase "promise 5: the message names no key"
          <| fun () ->
              let e = failure (deleting (TestDriver.Failing(inner (), [ StoreOperation.Delete ]).Driver))
              (string e).Contains(StoreKey.toText key) |> Expect.isFalse "no key" ]
