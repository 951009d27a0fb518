module Runa.Session.Tests.EventQueueTests

open System
open System.Collections.Concurrent
open System.Text.RegularExpressions
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Logging
open Runa
open Runa.Session
open Runa.Session.TestSupport

let private event (number: int) =
    SessionEvent(SessionEventKind.Created, DateTimeOffset.UnixEpoch, "web", "memory", null, null, number)

/// A queue, what it logs, and how many events it drops.
let private queueOf (listeners: (SessionEvent -> CancellationToken -> ValueTask) list) =
    let logs = new Logs()
    let log = (logs :> ILoggerProvider).CreateLogger "Runa.Session"
    let telemetry = new Telemetry(null)
    EventQueue((fun () -> listeners), log, telemetry), logs

let private dispose (queue: EventQueue) = (queue :> IAsyncDisposable).DisposeAsync().AsTask()

[<Tests>]
let tests =
    testList
        "EventQueue"
        [ testCaseTask "everybody hears each event, in their order, and the queue is emptied before it ends" (fun () ->
              task {
                  let heard = ConcurrentQueue<string>()

                  let listener (name: string) (event: SessionEvent) (_: CancellationToken) =
                      ValueTask(
                          task {
                              do! Task.Yield()
                              heard.Enqueue $"{name}{event.Count}"
                          }
                      )

                  let queue, _ = queueOf [ listener "a"; listener "b" ]

                  for number in 1..100 do
                      queue.Add(event number)

                  do! dispose queue
                  let expected =
                      [ for number in 1..100 do
                            yield! [ $"a{number}"; $"b{number}" ] ]
                  Expect.equal (List.ofSeq heard) expected "in order"
              })

          testCaseTask "an exception is logged, and others and later events are heard" (fun () ->
              task {
                  let heard = ConcurrentQueue<int>()

                  let failing (event: SessionEvent) (_: CancellationToken) : ValueTask =
                      if event.Count % 2 = 0 then
                          raise (InvalidOperationException "at once")
                      else
                          ValueTask(Task.FromException(TimeoutException "later"))

                  let hearing (event: SessionEvent) (_: CancellationToken) =
                      heard.Enqueue event.Count
                      ValueTask()

                  let queue, logs = queueOf [ failing; hearing ]
                  queue.Add(event 1)
                  queue.Add(event 2)
                  do! dispose queue
                  Expect.equal (List.ofSeq heard) [ 1; 2 ] "heard"
                  Expect.equal logs.Warnings.Length 2 "logged"
                  Expect.stringContains logs.Warnings.Head "raised an exception for Created" "which event"
              })

          testCaseTask
              "those who are too slow hold nobody up: further events are dropped, and the log says so once, and how many in the end"
              (fun () ->
                  task {
                      use gate = new SemaphoreSlim 0
                      let heard = ConcurrentQueue<int>()

                      let slow (event: SessionEvent) (token: CancellationToken) =
                          ValueTask(
                              task {
                                  do! gate.WaitAsync token
                                  heard.Enqueue event.Count
                              }
                          )

                      let queue, logs = queueOf [ slow ]
                      let before = Environment.TickCount64

                      for number in 1..10_500 do
                          queue.Add(event number)

                      Expect.isLessThan (Environment.TickCount64 - before) 5_000L "nobody waits"
                      gate.Release 20_000 |> ignore
                      do! dispose queue
                      // The one that was being told had left the queue.
                      Expect.isGreaterThanOrEqual heard.Count 10_000 "the queue"
                      Expect.isLessThanOrEqual heard.Count 10_001 "the queue, and the one that was being told"
                      Expect.equal (Seq.head heard) 1 "the first stay"

                      let told =
                          [ for line in logs.Warnings do
                                let m = Regex.Match(line, "(\\d+) events of sessions were dropped")
                                Expect.isTrue m.Success line
                                int m.Groups[1].Value ]

                      Expect.equal told.Length 2 "at the first, and in the end"
                      Expect.equal (List.sum told) (10_500 - heard.Count) "all of them"
                  })

          testCaseTask "an application that stops waits a while for those who listen, then cancels" (fun () ->
              task {
                  let cancelled = TaskCompletionSource()

                  let endless (_: SessionEvent) (token: CancellationToken) =
                      ValueTask(
                          task {
                              try
                                  do! Task.Delay(Timeout.Infinite, token)
                              with :? OperationCanceledException ->
                                  cancelled.SetResult()
                          }
                      )

                  let queue, _ = queueOf [ endless ]
                  queue.Add(event 1)
                  do! dispose queue
                  do! cancelled.Task.WaitAsync(TimeSpan.FromSeconds 10.)
              })

          test "the throttle lets one a second pass, with the number of those before it" {
              let throttle = EventThrottle()
              Expect.equal (throttle.Add(1, 1_000L)) 1 "the first"
              Expect.equal (throttle.Add(1, 1_500L)) 0 "within the second"
              Expect.equal (throttle.Add(2, 1_999L)) 0 "within the second"
              Expect.equal (throttle.Add(1, 2_000L)) 4 "with those before it"
              Expect.equal (throttle.Add(1, 2_999L)) 0 "within the next"
              Expect.equal (throttle.Add(1, 60_000L)) 2 "much later"
          } ]
