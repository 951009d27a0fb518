module Runa.Session.Tests.RotationTheftTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Microsoft.Extensions.Primitives
open Runa.Session.Hosting
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Visits

[<Tests>]
let tests =
    testList
        "RotationTheft"
        [ testCase "promise 29: a late copy is a theft: the session ends for both, and both are told"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              shop.Pass 6.
              read shop before |> holds "the copy" SessionStatus.Taken
              read shop now |> holds "the user" SessionStatus.Taken
              change shop now increment |> holds "a change" SessionStatus.Taken
              (read shop before).Owner |> Expect.isNone "empty"

          testCase "promise 29: after a theft the browser gets a new session under a new id, and the copy does not"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              shop.Pass 6.
              read shop before |> ignore
              let next = (change shop now (Session.signIn "ann")).Token.Value
              (read shop next).Owner |> Expect.equal "hers" (Some "ann")
              read shop before |> holds "the copy" SessionStatus.Taken
              let handle token = (wait (load shop.Definition token)).Place.Key
              handle next |> Expect.notEqual "another id" (handle now)

          testCase
              "promise 29: what is left of a taken session is no session: it is neither listed nor counted, and ends with its owner's"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              shop.Pass 6.
              read shop before |> ignore
              let none = CancellationToken.None
              OwnerListing.list shop.Definition "ann" none |> wait |> Expect.isEmpty "not listed"
              OwnerSessions.revokeOwner shop.Definition "ann" none |> wait |> Expect.equal "none was alive" 0
              read shop now |> holds "forgotten" SessionStatus.Expired

          testCase "promise 29: an even older copy is a theft 6 minutes after the last rotation"
          <| fun () ->
              let shop = shop ()
              let oldest, second = answered shop
              shop.Pass 15.
              let third = (read shop second).Token.Value
              shop.Pass 5.9
              read shop oldest |> holds "just after" SessionStatus.Active
              shop.Pass 0.1
              read shop oldest |> holds "later" SessionStatus.Taken
              read shop third |> holds "the user" SessionStatus.Taken

          testCase "promise 29: with on_theft = ignore, only the older token is refused"
          <| fun () ->
              let shop = Shop((fun o -> { o with OnTheft = OnTheft.Ignore }), memory)
              let before, now = answered shop
              shop.Pass 6.
              read shop before |> holds "the copy" SessionStatus.Taken
              change shop before Session.destroy |> holds "which cannot end it" SessionStatus.Taken
              isAlive shop now |> Expect.isTrue "the user stays"

          testCase "promise 29: with on_theft = ignore, a token that is shown again and again is told once"
          <| fun () ->
              let thefts = ref 0
              let listen (event: SessionEvent) _ =
                  if event.Kind = SessionEventKind.TheftSuspected then
                      Interlocked.Increment(&thefts.contents) |> ignore
                  Tasks.ValueTask()
              let clock = clock ()
              let ignoring (o: SessionSettings) =
                  { o with Rotate = Some(TimeSpan.FromMinutes 15.); OnTheft = OnTheft.Ignore }
              let shop = Shop(clock, memory clock, SessionSetup.events listen >> SessionSetup.session "web" ignoring)
              let oldest, second = answered shop
              shop.Pass 15.
              let third = (read shop second).Token.Value
              read shop third |> ignore
              shop.Pass 6.
              for token in [ oldest; second; oldest; second; oldest ] do
                  read shop token |> holds "refused" SessionStatus.Taken
              HostedRegistry.settle CancellationToken.None shop.Registry
              |> Async.AwaitTask
              |> Async.RunSynchronously
              thefts.Value |> Expect.equal "each token once" 2

          testCase
              "promise 29: a stream whose session was ended by a theft is told that it has ended, and brings nothing back"
          <| fun () ->
              let shop = shop ()
              let before, now = answered shop
              let stream = { shop.Visit now with CanSendCookie = false }
              shop.Pass 6.
              read shop before |> ignore

              Expect.throwsT<SessionConflictException> "it has ended" (fun () ->
                  changeAs shop stream (Session.set count 1) |> ignore)

              read shop now |> holds "the user" SessionStatus.Taken

          testCase "promise 29: a copy that moved to a new id is not noticed: the user finds the session gone"
          <| fun () ->
              let shop = shop ()
              let token = signIn shop "ann"
              let thief = (change shop token Session.regenerate).Token.Value
              shop.Pass 15.
              read shop token |> holds "the user" SessionStatus.Expired
              read shop thief |> holds "the copy" SessionStatus.Active

          testCase "promise 29: requests that show a copy at the same time tell of one theft"
          <| fun () ->
              let thefts = ref 0
              let listen (event: SessionEvent) _ =
                  if event.Kind = SessionEventKind.TheftSuspected then
                      Interlocked.Increment(&thefts.contents) |> ignore
                  Tasks.ValueTask()
              let shop = Shop listen
              let before, _ = answered shop
              shop.Pass 6.
              let answers = atOnce [ for _ in 1..16 -> fun () -> task { return read shop before } ]
              answers
              |> List.forall (fun said -> said.Status = SessionStatus.Taken)
              |> Expect.isTrue "all are told"
              HostedRegistry.settle CancellationToken.None shop.Registry
              |> Async.AwaitTask
              |> Async.RunSynchronously
              thefts.Value |> Expect.equal "one" 1 ]
