module Runa.Session.Tests.TouchTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private minutes (n: float) = TimeSpan.FromMinutes n

let private idleWeb clock driver idle =
    webWith clock driver (fun o -> { o with IdleTimeout = Some idle; Ttl = minutes 120. })

[<Tests>]
let tests =
    testList
        "Touches"
        [ testCase "promise 7: at most once per tenth of the idle timeout, or per minute"
          <| fun () ->
              Idle.touchInterval (minutes 5.) |> Expect.equal "a tenth" (TimeSpan.FromSeconds 30.)
              Idle.touchInterval (minutes 60.) |> Expect.equal "a minute" (minutes 1.)

          testCase "promise 7, 8: a read moves the idle end when that is due, and writes nothing before"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let session = idleWeb clock driver.Driver (minutes 20.)
              let token = start session increment
              driver.Forget()
              clock.Advance(TimeSpan.FromSeconds 59.)
              step session token id |> wait |> ignore
              driver.Count StoreOperation.Touch |> Expect.equal "too early" 0
              clock.Advance(TimeSpan.FromSeconds 1.)
              step session token id |> wait |> ignore
              driver.Count StoreOperation.Touch |> Expect.equal "due" 1

          testCase "promise 7: requests keep a session from idling, up to its absolute end"
          <| fun () ->
              let clock = clock ()
              let session = idleWeb clock (memory clock) (minutes 20.)
              let token = start session increment

              for _ in 1..7 do
                  clock.Advance(minutes 15.)
                  Session.status (wait (step session token id)).Snapshot.Session
                  |> Expect.equal "alive" SessionStatus.Active

              clock.Advance(minutes 15.)
              Session.status (find session token) |> Expect.equal "the absolute end" SessionStatus.Expired

          testCase "promise 4: a touch that comes after its session has moved does not shorten the tombstone's life"
          <| fun () ->
              let clock = clock ()
              let session = idleWeb clock (memory clock) (minutes 1.)
              let token = start session increment
              clock.Advance(minutes 0.5)
              let loaded = wait (load session token)
              step session token (Session.signIn "alice") |> wait |> ignore
              commit session loaded loaded.Session |> wait |> ignore
              clock.Advance(minutes 6.9)
              (wait (load session token)).IsSuperseded |> Expect.isTrue "it still leads on"

          testCase "promise 7: an idle timeout that was changed since counts from the last request"
          <| fun () ->
              for before, now, pause in
                  [ None, Some(minutes 20.), minutes 10.
                    Some(minutes 60.), Some(minutes 20.), minutes 10.
                    Some(minutes 20.), Some(minutes 60.), minutes 19.
                    Some(minutes 20.), None, minutes 19. ] do
                  let clock = clock ()
                  let driver = memory clock
                  let web idle = webWith clock driver (fun o -> { o with IdleTimeout = idle; Ttl = minutes 120. })
                  let token = start (web before) increment
                  let session = web now

                  for _ in 1..3 do
                      clock.Advance pause
                      let read = (wait (step session token id)).Snapshot.Session
                      Session.status read |> Expect.equal $"in use: %A{before}, %A{now}" SessionStatus.Active

                      if now.IsSome then
                          Session.lastSeenAt (find session token) |> Expect.equal "last seen" (clock.GetUtcNow())

                  clock.Advance(defaultArg now (minutes 120.))
                  Session.status (find session token) |> Expect.equal "ended" SessionStatus.Expired

          testCase "promise 8: a changed idle timeout is written once, and by a mere load too"
          <| fun () ->
              let clock = clock ()
              let driver = TestDriver.Counting(memory clock)
              let token = start (webWith clock driver.Driver id) increment
              let session = idleWeb clock driver.Driver (minutes 20.)
              driver.Forget()

              for _ in 1..3 do
                  Engine.touchIfDue session (wait (load session token)) |> wait |> ignore

              driver.Count StoreOperation.Replace |> Expect.equal "once" 1

          testCase "promise 7: the idle timeout is never exceeded"
          <| fun () ->
              let clock = clock ()
              let session = idleWeb clock (memory clock) (minutes 20.)
              let token = start session increment
              clock.Advance(minutes 20.)
              Session.status (find session token) |> Expect.equal "ended" SessionStatus.Expired

          testCase "promise 9: a touch that finds nothing reads an empty session, and brings nothing back"
          <| fun () ->
              let clock = clock ()
              let inner = memory clock
              let driver = TestDriver.Counting inner
              // Another process's store is not waited for.
              let session = idleWeb clock { driver.Driver with Place = DriverPlace.Process } (minutes 20.)
              let token = start session increment
              clock.Advance(minutes 2.)
              let loaded = wait (load session token)
              step session token Session.signOut |> wait |> ignore
              let stepped = wait (commit session loaded loaded.Session)
              Session.isEmpty stepped.Snapshot.Session |> Expect.isTrue "empty"
              driver.Count StoreOperation.Touch |> Expect.equal "tried" 1
              Session.status (find session token) |> Expect.equal "still gone" SessionStatus.Expired

          testCase "a request does not wait for the touch of a slow store"
          <| fun () ->
              let clock = clock ()
              let gate = TaskCompletionSource()
              let slow = TestDriver.Slow(memory clock, gate.Task, [ StoreOperation.Touch ])
              let session = idleWeb clock slow.Driver (minutes 20.)
              let token = start session increment
              clock.Advance(minutes 15.)
              let stepped = wait (step session token id)
              Session.getOr count 0 stepped.Snapshot.Session |> Expect.equal "answered" 1
              gate.SetResult()
              slow.Behave <- TestDriver.Only([ StoreOperation.Touch ], Behaviour.Pass)
              clock.Advance(minutes 15.)
              Session.getOr count 0 (find session token) |> Expect.equal "touched all the same" 1

          testCase "promise 9: a touch that comes late brings nothing back"
          <| fun () ->
              let clock = clock ()
              let gate = TaskCompletionSource()
              let slow = TestDriver.Slow(memory clock, gate.Task, [ StoreOperation.Touch ])
              let session = idleWeb clock slow.Driver (minutes 20.)
              let token = start session increment
              clock.Advance(minutes 15.)
              wait (step session token id) |> ignore
              wait (step session token Session.destroy) |> ignore
              gate.SetResult()
              Session.status (find session token) |> Expect.equal "gone" SessionStatus.Expired

          testCase "promise 7: whatever the idle timeout and the requests, a touch lies within the life of the session"
          <| fun () ->
              let within (idle: int) (offset: int) (at: int) =
                  let now = clock().GetUtcNow()
                  let idle = minutes (float idle)

                  let state = SessionState.fresh now (minutes 120.)
                  let record = NewRecord.live now (Some idle) "s" (RecordVersion.Next()) state
                  let record =
                      { record with
                          IdleExpiresAt =
                              record.IdleExpiresAt |> ValueOption.map (fun e -> e.AddMinutes -(float offset)) }
                  let later = now.AddMinutes(float at)

                  match Idle.dueTouch later (Some idle) record with
                  | ValueSome next ->
                      next > record.IdleExpiresAt.Value && next <= state.ExpiresAt && next <= later + idle
                  | ValueNone ->
                      // What is not written is less than the interval, or the absolute end.
                      later + idle - record.IdleExpiresAt.Value < Idle.touchInterval idle
                      || record.IdleExpiresAt.Value >= state.ExpiresAt
                      || later + idle <= record.IdleExpiresAt.Value

              let number low high = Gen.choose (low, high) |> Arb.fromGen

              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess true,
                  Prop.forAll (number 1 200) (fun idle ->
                      Prop.forAll (number 0 30) (fun offset -> Prop.forAll (number 0 119) (within idle offset)))
              ) ]
