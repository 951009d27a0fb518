module Runa.Session.Tests.AttemptLimitTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

/// Somebody else is always first.
let private everOvertaken (inner: SessionDriver) =
    { inner with
        Replace =
            fun key _ _ token ->
                match (inner.Load key token).Result with
                | ValueSome current ->
                    let other = { current with Version = RecordVersion.Next() }
                    ValueTask<ReplaceResult>(ReplaceResult.Conflict other)
                | ValueNone -> ValueTask<ReplaceResult> ReplaceResult.Missing }

let private conflict (work: unit -> Task<'T>) =
    try
        wait (work ()) |> ignore
        failtest "nothing was raised"
    with :? SessionConflictException as e ->
        e.Message

let private misuse (work: unit -> Task<'T>) =
    try
        wait (work ()) |> ignore
        failtest "nothing was raised"
    with :? InvalidOperationException as e ->
        e.Message

let private counting () =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)
    driver, web clock driver.Driver

let private closed =
    { new IStepWatch with
        member _.CanSendCookie = false
        member _.OffersDevice = false
        member _.BeginStep() = 0
        member _.EndStep _ = ()
        member _.SawEnd() = () }

let private behind gate session token (change: Session -> Session) =
    task {
        let! loaded = load session token
        return! Engine.run session gate loaded null WhenGone.StepAgain (fun s -> struct (change s, ()))
    }

[<Tests>]
let tests =
    testList
        "Limits of attempts"
        [ testCase "after 64 attempts a request gives up, with nothing stored"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(everOvertaken (memory clock))
              let session = web clock driver.Driver
              let token = start session increment
              conflict (fun () -> step session token increment) |> Expect.stringContains "says so" "64 attempts"
              driver.Count StoreOperation.Replace |> Expect.equal "tried" 64
              Session.getOr count 0 (find session token) |> Expect.equal "as before" 1
              // And it has left the queue.
              conflict (fun () -> step session token increment) |> Expect.stringContains "again" "64 attempts"

          testCase "promise 4: a rekey that never gets through leaves no record behind"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(everOvertaken (memory clock))
              let session = web clock driver.Driver
              let token = start session increment
              driver.Forget()
              conflict (fun () -> step session token Session.regenerate)
              |> Expect.stringContains "says so" "64 attempts"
              driver.Count StoreOperation.Delete
              |> Expect.equal "each taken back" (driver.Count StoreOperation.Create)

          testCase "with 1,000 waiting, one more is refused at once"
          <| fun () ->
              let _, session = counting ()
              let token = start session increment
              let loaded = wait (load session token)
              let waiting =
                  [ for _ in 1 .. CommitQueues.Longest ->
                        session.Queues.Enter(loaded.Place.Key, TimeSpan.FromMinutes 1.) ]
              let late = commit session loaded (Session.set note "late" loaded.Session)
              late.IsCompleted |> Expect.isTrue "at once"
              conflict (fun () -> late) |> Expect.stringContains "says so" "1000"
              waiting.Head.IsCompletedSuccessfully |> Expect.isTrue "the first one is not disturbed"

          testCase "promise 12: whoever comes later does not overtake those who wait for their turn"
          <| fun () ->
              let driver, session = counting ()
              let token = start session increment
              let key = (wait (load session token)).Place.Key
              session.Queues.Enter(key, TimeSpan.FromMinutes 1.) |> wait |> ignore
              let late = step session token increment
              late.IsCompleted |> Expect.isFalse "waits"
              driver.Count StoreOperation.Replace |> Expect.equal "has written nothing" 0
              session.Queues.Leave(key, ValueNone)
              wait late |> ignore
              Session.getOr count 0 (find session token) |> Expect.equal "had its turn" 2

          testCase "a step that hands back another name's session is told so"
          <| fun () ->
              let _, session = counting ()

              misuse (fun () -> step session "" (fun _ -> Session.empty "admin"))
              |> Expect.equal "message" "The step for \"web\" handed back the session \"admin\"."

          testCase "a step that hands back a session from outside is told so, and nothing is stored"
          <| fun () ->
              let driver, session = counting ()
              let token = start session increment
              let captured = find session token
              driver.Forget()

              misuse (fun () -> step session token (fun _ -> increment captured))
              |> Expect.stringContains "message" "not made from the one it was given"

              driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing" []

          testCase "once the response has started, a change that needs a cookie raises before anything is stored"
          <| fun () ->
              let driver, session = counting ()
              let token = start session increment

              for change in
                  [ Session.regenerate
                    Session.signOut
                    Session.signIn "alice"
                    Session.withLifetime (TimeSpan.FromDays 1.) ] do
                  driver.Forget()
                  misuse (fun () -> behind closed session token change)
                  |> Expect.stringContains "why" "the response has started"
                  driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing" []

          testCase "once the response has started, a change that needs no cookie is still stored"
          <| fun () ->
              let _, session = counting ()
              let token = start session increment
              behind closed session token increment |> wait |> ignore
              Session.getOr count 0 (find session token) |> Expect.equal "stored" 2

          testCase "promise 9: once the response has started, a session that ended says that it has"
          <| fun () ->
              let driver, session = counting ()

              for change in [ increment; Session.signIn "alice"; Session.flash notice "x" ] do
                  let token = start session increment
                  step session token Session.signOut |> wait |> ignore
                  driver.Forget()

                  let e = raised<SessionConflictException, _>(fun () -> behind closed session token change)

                  e.Message |> Expect.stringContains "why" "has ended"
                  e.Message.Contains "the response has started" |> Expect.isFalse "not that"
                  driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing" [] ]
