module Runa.Session.Tests.PurgeTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

/// One session on each of these drivers.
let private registryOf (clock: TimeProvider) (drivers: (string * SessionDriver) list) : SessionRegistry =
    let empty =
        SessionSetup.empty
        |> SessionSetup.secrets [ secret ]
        |> SessionSetup.application "tests"
        |> SessionSetup.timeProvider clock

    drivers
    |> List.fold
        (fun setup (name, driver) ->
            setup
            |> SessionSetup.driver name driver
            |> SessionSetup.session name (fun settings -> { settings with Driver = name }))
        empty
    |> SessionRegistry.create

let private named (name: string) (driver: SessionDriver) = { driver with Name = name }

/// A driver whose purge does this.
let private purging (purge: CancellationToken -> Task<int>) : SessionDriver =
    memory (clock ()) |> SessionDriver.withPurge (fun token -> ValueTask<int>(purge token))

let private raised (work: unit -> Task<'T>) : exn =
    try
        work () |> wait |> ignore
        failtest "nothing was raised"
    with
    | :? AssertException -> reraise ()
    | e -> e

let private minutes (clock: FakeTimeProvider) count =
    for _ in 1..count do
        clock.Advance(TimeSpan.FromMinutes 1.)

[<Tests>]
let tests =
    testList
        "Purges"
        [ testCase "promise 11: a driver that cannot say how full it is is purged all the same"
          <| fun () ->
              let driver =
                  purging (fun _ -> Task.FromResult 3)
                  |> SessionDriver.withUsage (fun () -> raise (TimeoutException "no answer"))

              use registry = registryOf (clock ()) [ "odd", named "odd" driver ]
              SessionRegistry.purgeExpired none registry |> wait |> Expect.equal "purged" 3

          testCase "promise 11: a timer that finds a purge at work does not begin another"
          <| fun () ->
              let clock = clock ()
              let answer = TaskCompletionSource()
              let driver = TestDriver.Slow(memory clock, answer.Task, [ StoreOperation.Purge ])
              use _ = registry clock driver.Driver
              minutes clock 60
              driver.Count StoreOperation.Purge |> Expect.equal "one in an hour" 1
              answer.SetResult()
              SpinWait.SpinUntil(
                  (fun () ->
                      minutes clock 1
                      driver.Count StoreOperation.Purge > 1),
                  TimeSpan.FromSeconds 30.
              )
              |> Expect.isTrue "the next one, when it has ended"

          testCase "promise 11: a driver whose purge hangs keeps no other from being purged"
          <| fun () ->
              let clock = clock ()
              let hanging = TestDriver.Hanging(memory clock, [ StoreOperation.Purge ])
              let other = TestDriver.Counting(memory clock)
              let registry = registryOf clock [ "a", hanging.Driver; "b", other.Driver ]
              minutes clock 3
              hanging.Count StoreOperation.Purge |> Expect.equal "the one" 1
              other.Count StoreOperation.Purge |> Expect.equal "the other" 3
              GC.KeepAlive registry

          testCase "promise 11: a caller's purge waits for the one that is at work, and then purges"
          <| fun () ->
              let clock = clock ()
              let answer = TaskCompletionSource()
              let driver = TestDriver.Slow(memory clock, answer.Task, [ StoreOperation.Purge ])
              use registry = registry clock driver.Driver
              minutes clock 1
              let callers = [ for _ in 1..3 -> SessionRegistry.purgeExpired none registry ]
              driver.Count StoreOperation.Purge |> Expect.equal "the timer's" 1
              callers |> List.forall (fun caller -> not caller.IsCompleted) |> Expect.isTrue "they wait"
              answer.SetResult()
              Task.WhenAll callers |> wait |> ignore
              driver.Count StoreOperation.Purge |> Expect.equal "one after another" 4

          testCase "promise 11: purgeExpired tries all drivers, and then raises what went wrong, naming who failed"
          <| fun () ->
              let counted = ref 0

              let sound =
                  purging (fun _ ->
                      counted.Value <- counted.Value + 1
                      Task.FromResult 5)

              let broken why = purging (fun _ -> Task.FromException<int>(InvalidOperationException why))
              let registry drivers = registryOf (clock ()) drivers
              let one = registry [ "a", named "anna" (broken "no table"); "b", named "bert" sound ]

              match raised (fun () -> SessionRegistry.purgeExpired none one) with
              | :? SessionStoreException as e ->
                  e.Message |> Expect.stringContains "the driver" "\"anna\""
                  e.Message.Contains "bert" |> Expect.isFalse "the sound one"
                  (nonNull e.InnerException).Message |> Expect.equal "the cause" "no table"
                  e.MayHaveBeenSaved |> Expect.isFalse "nothing was to be saved"
              | e -> failtest $"{e.GetType()}"

              counted.Value |> Expect.equal "the other was purged" 1
              let two = registry [ "a", named "anna" (broken "x"); "b", named "bert" (broken "y") ]

              match raised (fun () -> SessionRegistry.purgeExpired none two) with
              | :? SessionStoreException as e ->
                  e.Message |> Expect.stringContains "one" "\"anna\""
                  e.Message |> Expect.stringContains "the other" "\"bert\""
                  e.InnerException :? AggregateException |> Expect.isTrue "both causes"
              | e -> failtest $"{e.GetType()}"

              let throwing = memory (clock ()) |> SessionDriver.withPurge (fun _ -> failwith "at once")
              let three = registry [ "a", throwing; "b", sound ]
              raised (fun () -> SessionRegistry.purgeExpired none three) :? SessionStoreException
              |> Expect.isTrue "raised at once"
              counted.Value |> Expect.equal "the other was purged" 2

          testCase "purgeExpired heeds its token: before it begins, while it waits, while a driver is at work"
          <| fun () ->
              let clock = clock ()
              let begun = TaskCompletionSource()
              let cancelled = TaskCompletionSource<bool>()

              let driver =
                  purging (fun token ->
                      task {
                          begun.TrySetResult() |> ignore

                          try
                              do! Task.Delay(Timeout.Infinite, token)
                          with :? OperationCanceledException ->
                              cancelled.TrySetResult true |> ignore
                              token.ThrowIfCancellationRequested()

                          return 0
                      })

              use registry = registryOf clock [ "a", driver ]
              use before = new CancellationTokenSource()
              before.Cancel()

              raised (fun () -> SessionRegistry.purgeExpired before.Token registry) :? OperationCanceledException
              |> Expect.isTrue "before"

              begun.Task.IsCompleted |> Expect.isFalse "it did not begin"
              use at = new CancellationTokenSource()
              let working = SessionRegistry.purgeExpired at.Token registry
              begun.Task.Wait()
              use waits = new CancellationTokenSource()
              let waiting = SessionRegistry.purgeExpired waits.Token registry
              waits.Cancel()
              raised (fun () -> waiting) :? OperationCanceledException |> Expect.isTrue "waiting"
              working.IsCompleted |> Expect.isFalse "the other goes on"
              at.Cancel()
              raised (fun () -> working) :? OperationCanceledException |> Expect.isTrue "working"
              cancelled.Task.Wait(TimeSpan.FromSeconds 30.) |> Expect.isTrue "the driver was told"

          testCase
              "disposing cancels the purge that is at work, waits for it, then disposes the driver; twice is no harm"
          <| fun () ->
              let clock = clock ()
              let steps = System.Collections.Concurrent.ConcurrentQueue<string>()

              let driver =
                  purging (fun token ->
                      task {
                          steps.Enqueue "begun"

                          try
                              do! Task.Delay(Timeout.Infinite, token)
                          with :? OperationCanceledException ->
                              ()

                          do! Task.Delay 20
                          steps.Enqueue "ended"
                          return 0
                      })
                  |> SessionDriver.withDispose (fun () ->
                      steps.Enqueue "disposed"
                      ValueTask())

              // One that the registry opens, it disposes.
              let registry =
                  setup clock (memory clock)
                  |> SessionSetup.driverFrom "memory" (fun _ -> driver)
                  |> SessionRegistry.create

              minutes clock 1
              (registry :> IDisposable).Dispose()
              List.ofSeq steps |> Expect.equal "in this order" [ "begun"; "ended"; "disposed" ]
              minutes clock 5
              List.ofSeq steps |> List.filter ((=) "begun") |> Expect.hasLength "none after it" 1
              let second = Task.Run(fun () -> (registry :> IDisposable).Dispose())
              second.Wait(TimeSpan.FromSeconds 5.) |> Expect.isTrue "the second at once" ]
