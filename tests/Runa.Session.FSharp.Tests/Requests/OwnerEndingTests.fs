module Runa.Session.Tests.OwnerEndingTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.OwnedSessions
open Runa.Session.Tests.Requests

[<Tests>]
let tests =
    testList
        "OwnerEnding"
        [ testCase "promise 27: 20,000 sessions of an owner end in one list and one delete for each hundred"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 20_000
              let bob = signIn session "bob"
              driver.Forget()
              wait (endAll session) |> Expect.equal "ended" 20_000
              let calls = driver.Calls |> List.countBy id |> Map.ofList
              Expect.isLessThanOrEqual "lists" (calls[StoreOperation.List], 201)
              Expect.isLessThanOrEqual "deletes" (calls[StoreOperation.Delete], 201)
              driver.Calls.Length
              |> Expect.equal "and an epoch" (calls[StoreOperation.List] + calls[StoreOperation.Delete] + 1)
              tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"
              isAlive session bob |> Expect.isTrue "nobody else's"

          testCase "promise 27: all others end page by page too, and this one and what leads to it stay"
          <| fun () ->
              let driver, session = counting ()
              let others = many session 1_000
              let before = signIn session "alice"
              let this = tokenOf (wait (step session before Session.regenerate))
              let kept = keyOf session this
              driver.Forget()
              OwnerSessions.revokeOthers session "alice" kept none |> wait |> Expect.equal "ended" 1_000
              Expect.isLessThanOrEqual "lists" (driver.Count StoreOperation.List, 12)
              Expect.isLessThanOrEqual "deletes" (driver.Count StoreOperation.Delete, 12)
              others |> List.exists (isAlive session) |> Expect.isFalse "the others"
              isAlive session this |> Expect.isTrue "this one"
              (wait (load session before)).IsSuperseded |> Expect.isTrue "the old cookie leads to it"

          testCase "promise 27: one session ends by its handle without a list of all"
          <| fun () ->
              let driver, session = counting ()
              let tokens = many session 300
              let handle = StoreKey.toText (keyOf session tokens[150])
              driver.Forget()
              OwnerSessions.revoke session "alice" handle none |> wait |> Expect.isTrue "ended"
              driver.Calls |> Expect.equal "calls" [ StoreOperation.Load; StoreOperation.Delete ]
              isAlive session tokens[150] |> Expect.isFalse "dead"

          testCase "promise 27: a handle that is no store key, or of another session name, ends nothing"
          <| fun () ->
              let clock = clock ()
              let registry = registry clock (memory clock)
              let web, admin = Engine.definition registry "web", Engine.definition registry "admin"
              let token = start admin (Session.signIn "alice")
              let handle = StoreKey.toText (keyOf admin token)
              OwnerSessions.revoke web "alice" handle none |> wait |> Expect.isFalse "another name"
              OwnerSessions.revoke web "alice" "no handle" none |> wait |> Expect.isFalse "no handle"
              isAlive admin token |> Expect.isTrue "it lives"

          testCase "promise 27, 28: what has ended by this node's clock and lives by another's ends, and does not count"
          <| fun () ->
              let behind, ahead = clock (), clock ()
              let driver = memory behind
              let here, there = web ahead driver, web behind driver
              let token = signIn there "alice"
              behind.Advance(TimeSpan.FromMinutes 117.)
              ahead.Advance(TimeSpan.FromMinutes 122.)
              listed here |> Expect.equal "nothing to show here" []
              (listed there).Length |> Expect.equal "there it lives" 1
              wait (endAll here) |> Expect.equal "nothing that lived here" 0
              isAlive there token |> Expect.isFalse "dead there, too"

          testCase "promise 27: ending stops between pages when its caller cancels"
          <| fun () ->
              let driver, session = counting ()
              many session 250 |> ignore
              use source = new CancellationTokenSource()

              driver.Behave <-
                  function
                  | StoreOperation.Delete ->
                      source.Cancel()
                      Behaviour.Pass
                  | _ -> Behaviour.Pass

              raised<OperationCanceledException, _>(fun () -> OwnerSessions.revokeOwner session "alice" source.Token)
              |> ignore

              (listed session).Length |> Expect.equal "the first page has ended" 150 ]
