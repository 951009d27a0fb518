/// Promise 28: two nodes, two clocks, one store.
module Runa.Session.Tests.ClockTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Nodes
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

/// For each difference of clocks: the time, a node that goes by it, and one that is off by so much.
let private each
    change
    (check:
        Microsoft.Extensions.Time.Testing.FakeTimeProvider -> SessionDefinition -> SessionDefinition -> TimeSpan -> unit)
    ()
    =
    for skew in skews do
        match nodes change [ TimeSpan.Zero; skew ] with
        | time, [ _, _, here; _, _, there ] -> check time here there skew
        | _ -> failtest "two nodes"

let private both change check () =
    each change (fun time here there skew -> check time here there skew) ()
    each change (fun time here there skew -> check time there here skew) ()

let private isAlive session token = Session.status (find session token) = SessionStatus.Active
let private idle (o: SessionSettings) = { o with IdleTimeout = Some(minutes 20.) }

let private jump
    (check: Microsoft.Extensions.Time.Testing.FakeTimeProvider -> SkewedClock -> TestDriver -> SessionDefinition -> unit)
    ()
    =
    for change in [ id; idle ] do
        match nodes change [ TimeSpan.Zero ] with
        | time, [ clock, driver, session ] -> check time clock driver session
        | _ -> failtest "one node"

[<Tests>]
let tests =
    testList
        "Clocks"
        [ testCase
              "promise 4, 28: a rekey on one node: a request with the old cookie on the other is given no new session"
          <| both id (fun time here there _ ->
              let token = start here increment
              let next = tokenOf (wait (step here token Session.regenerate))

              for _ in 1..4 do
                  (wait (load there token)).IsSuperseded |> Expect.isTrue "it has moved"
                  Session.isEmpty (find there token) |> Expect.isTrue "and reads empty"
                  raised<SessionConflictException, _>(fun () -> step there token increment) |> ignore
                  time.Advance(TimeSpan.FromSeconds 29.)

              Session.getOr count 0 (find there next) |> Expect.equal "the new one" 1)

          testCase "promise 9, 28: a rekey on one node: a logout with the old cookie on the other ends the successor"
          <| both id (fun time here there _ ->
              let token = start here (Session.signIn "alice")
              let next = tokenOf (wait (step here token Session.regenerate))
              time.Advance(TimeSpan.FromSeconds 110.)
              (wait (step there token Session.signOut)).Cookie.IsExpire |> Expect.isTrue "the cookie"
              isAlive here next |> Expect.isFalse "dead here"
              isAlive there next |> Expect.isFalse "and there")

          testCase "promise 9, 28: a tombstone that has ended still leads a logout to its successor"
          <| each id (fun time here there skew ->
              let token = start here (Session.signIn "alice")
              let next = tokenOf (wait (step here token Session.regenerate))
              time.Advance(minutes 8. - skew)
              (wait (load there token)).IsSuperseded |> Expect.isFalse "it has ended there"
              wait (step there token Session.signOut) |> ignore
              isAlive here next |> Expect.isFalse "dead")

          testCase "promise 9, 28: a logout on a node that takes the session for ended ends it for the others, too"
          <| each id (fun time here there skew ->
              let token = start here (Session.signIn "alice")
              time.Advance(minutes 119.)

              if skew > TimeSpan.Zero then
                  isAlive there token |> Expect.isFalse "ended there"
                  wait (step there token id) |> ignore
                  isAlive here token |> Expect.isTrue "reading has ended nothing"
                  wait (step there token Session.signOut) |> ignore
                  isAlive here token |> Expect.isFalse "a logout has")

          testCase "promise 27, 28: all sessions of an owner end, whichever node's clock they end by"
          <| both id (fun time here there _ ->
              let tokens = [ start here (Session.signIn "alice"); start there (Session.signIn "alice") ]
              time.Advance(minutes 116.)
              OwnerSessions.revokeOwner there "alice" none |> wait |> ignore

              for node in [ here; there ] do
                  tokens |> List.exists (isAlive node) |> Expect.isFalse "dead")

          testCase "promise 27, 28: the others end, this one stays, and so does its tombstone"
          <| both id (fun _ here there _ ->
              let others = [ start here (Session.signIn "alice"); start there (Session.signIn "alice") ]
              let token = start here (Session.signIn "alice")
              let this = tokenOf (wait (step here token Session.regenerate))
              let kept = (wait (load there this)).Place.Key
              OwnerSessions.revokeOthers there "alice" kept none |> wait |> Expect.equal "ended" 2
              others |> List.exists (isAlive here) |> Expect.isFalse "dead"
              isAlive here this |> Expect.isTrue "alive"
              (wait (load there token)).IsSuperseded |> Expect.isTrue "the old cookie leads there")

          testCase "promise 27, 28: a sign-in on one node that races a revocation on the other loses"
          <| fun () ->
              for skew in skews do
                  match nodes id [ TimeSpan.Zero; skew ] with
                  | _, [ _, driver, here; _, _, there ] ->
                      let token = start here increment
                      let gate = TaskCompletionSource()
                      driver.Behave <- TestDriver.Only([ StoreOperation.Create ], Behaviour.Wait gate.Task)
                      let signingIn = step here token (Session.signIn "alice")
                      OwnerSessions.revokeOwner there "alice" none |> wait |> ignore
                      gate.SetResult()
                      raised<SessionConflictException, _>(fun () -> signingIn) |> ignore
                      isAlive there token |> Expect.isTrue "the visitor's session stays"
                      OwnerListing.list there "alice" none |> wait |> Expect.equal "nobody is signed in" []
                  | _ -> failtest "two nodes"

          testCase
              "promise 4, 28: a browser that lost the answer to its sign-in can sign in again on the other node at once"
          <| each id (fun time here there skew ->
              let token = start here increment
              wait (step here token (Session.signIn "alice")) |> ignore
              time.Advance(TimeSpan.FromSeconds 5.)
              let again = tokenOf (wait (step there token (Session.signIn "alice")))
              Session.owner (find there again) |> Expect.equal $"signed in, {skew}" (Some "alice"))

          testCase "promise 7, 28: requests on both nodes in turn keep a session from idling on either"
          <| both idle (fun time here there _ ->
              let token = start here increment

              for turn in 1..11 do
                  time.Advance(minutes 10.)
                  let node = if turn % 2 = 0 then here else there
                  Session.status (wait (step node token id)).Snapshot.Session
                  |> Expect.equal $"turn {turn}" SessionStatus.Active)

          testCase "promise 7, 28: the absolute end is exact by the clock that looks"
          <| each id (fun time here there skew ->
              let token = start here increment
              time.Advance(minutes 120. - skew - TimeSpan.FromSeconds 1.)
              isAlive there token |> Expect.isTrue "a second before"
              time.Advance(TimeSpan.FromSeconds 1.)
              isAlive there token |> Expect.isFalse "then"
              isAlive here token |> Expect.equal "here by its own" (skew > TimeSpan.Zero))

          testCase "promise 12, 28: concurrent changes on both nodes are all kept"
          <| both idle (fun _ here there _ ->
              let token = start here increment
              let first, second = wait (load here token), wait (load there token)
              wait (commit there second (Session.set note "there" second.Session)) |> ignore
              wait (commit here first (increment first.Session)) |> ignore
              let found = find there token
              (Session.getOr count 0 found, Session.tryGet note found) |> Expect.equal "both" (2, Some "there"))

          testCase "promise 7, 28: a lifetime that one node sets holds on the other"
          <| both id (fun time here there _ ->
              let token = start here (Session.signIn "alice")
              wait (step there token (Session.withLifetime (TimeSpan.FromDays 10.))) |> ignore
              time.Advance(TimeSpan.FromDays 9.)
              [ here; there ] |> List.forall (fun node -> isAlive node token) |> Expect.isTrue "remembered"
              time.Advance(TimeSpan.FromDays 2.)
              [ here; there ] |> List.exists (fun node -> isAlive node token) |> Expect.isFalse "ended")

          testCase "promise 28: a clock that jumps 3 hours ahead and back: reading has deleted and ended nothing"
          <| jump (fun _ clock driver session ->
              let token = start session (Session.signIn "alice" >> increment)
              driver.Forget()
              clock.Skew <- TimeSpan.FromHours 3.
              Session.status (find session token) |> Expect.equal "ended, by this clock" SessionStatus.Expired
              wait (step session token id) |> ignore
              OwnerListing.list session "alice" none |> wait |> Expect.equal "not shown" []
              driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing was written" []
              clock.Skew <- TimeSpan.Zero
              Session.getOr count 0 (find session token) |> Expect.equal "as before" 1)

          testCase "promise 28: a clock that jumps ahead between a request's load and its commit ends nothing"
          <| jump (fun _ clock driver session ->
              let token = start session increment
              let loaded = wait (load session token)
              driver.Forget()
              clock.Skew <- TimeSpan.FromHours 3.
              wait (commit session loaded loaded.Session) |> ignore
              wait (Engine.touchIfDue session loaded) |> ignore
              let later = Snapshot.written session loaded.Place loaded.Record.Value 0L
              wait (commit session later later.Session) |> ignore
              driver.Count StoreOperation.Delete |> Expect.equal "nothing was deleted" 0
              clock.Skew <- TimeSpan.Zero
              isAlive session token |> Expect.isTrue "alive")

          testCase
              "promise 28: a write while the clock is ahead leaves the old session, which is there again afterwards"
          <| jump (fun _ clock _ session ->
              let token = start session increment
              clock.Skew <- TimeSpan.FromHours 3.
              let other = tokenOf (wait (step session token increment))
              clock.Skew <- TimeSpan.Zero
              [ token; other ] |> List.forall (isAlive session) |> Expect.isTrue "both are alive")

          testCase "promise 28: a session in its cookie, made by a node that is ahead, is good on one that is behind"
          <| fun () ->
              let time = clock ()
              let node skew =
                  let clock = SkewedClock(time, skew)
                  webWith clock (memory clock) (fun o -> { o with Driver = "cookie" })

              for skew in skews do
                  let here, there = node TimeSpan.Zero, node skew
                  let stepped = wait (step there "" increment)

                  let texts = Engine.setCookies there true stepped.Cookie
                  let sent = Microsoft.Extensions.Primitives.StringValues((cookieHeader texts).Value)
                  let found = (Engine.load here sent).AsTask() |> wait
                  Session.getOr count 0 found.Session |> Expect.equal $"read, {skew}" 1 ]
