module Runa.Session.Tests.OwnerSessionsTests

open System
open System.Threading
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

let private open' () =
    let clock = clock ()
    clock, web clock (memory clock)

let private isAlive session token = Session.status (find session token) = SessionStatus.Active
let private signIn session owner = start session (Session.signIn owner)
let private listed session owner = OwnerListing.list session owner none |> wait

[<Tests>]
let tests =
    testList
        "OwnerSessions"
        [ testCase "promise 27: an owner's living sessions are listed, with labels and times, and nobody else's"
          <| fun () ->
              let clock, session = open' ()
              start session (Session.signIn "alice" >> Session.withLabel "phone") |> ignore
              signIn session "bob" |> ignore
              clock.Advance(TimeSpan.FromMinutes 90.)
              start session (Session.signIn "alice" >> Session.withLabel "desk") |> ignore
              let both = listed session "alice"
              both |> List.map _.Label |> List.sort |> Expect.equal "both" [ Some "desk"; Some "phone" ]
              let phone = both |> List.find (fun item -> item.Label = Some "phone")
              phone.EndsAt |> Expect.equal "end" (phone.CreatedAt.AddHours 2.)
              phone.SignedInAt |> Expect.equal "signed in" (Some phone.CreatedAt)
              clock.Advance(TimeSpan.FromMinutes 30.)
              listed session "alice" |> List.map _.Label |> Expect.equal "the phone expired" [ Some "desk" ]

          testCase "promise 27: a session that was moved is listed once"
          <| fun () ->
              let _, session = open' ()
              let token = signIn session "alice"
              step session token Session.regenerate |> wait |> ignore
              listed session "alice" |> List.length |> Expect.equal "once" 1

          testCase "promise 27: more than a page of sessions is listed and ended"
          <| fun () ->
              let _, session = open' ()
              let tokens = [ for _ in 1..250 -> signIn session "alice" ]
              listed session "alice"
              |> List.map _.Handle
              |> List.distinct
              |> List.length
              |> Expect.equal "all" 250
              OwnerSessions.revokeOwner session "alice" none |> wait |> Expect.equal "ended" 250
              tokens |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase "promise 1: a handle is no token"
          <| fun () ->
              let _, session = open' ()
              signIn session "alice" |> ignore
              let handle = (listed session "alice").Head.Handle
              Session.status (find session handle) |> Expect.equal "ignored" SessionStatus.New

          testCase "promise 27: a session ends by its handle, and only for its owner"
          <| fun () ->
              let _, session = open' ()
              let phone, desk = signIn session "alice", signIn session "alice"
              let handle = StoreKey.toText (wait (load session phone)).Place.Key
              OwnerSessions.revoke session "bob" handle none |> wait |> Expect.isFalse "not bob's"
              isAlive session phone |> Expect.isTrue "untouched"
              OwnerSessions.revoke session "alice" handle none |> wait |> Expect.isTrue "ended"
              isAlive session phone |> Expect.isFalse "dead"
              isAlive session desk |> Expect.isTrue "the other one"
              OwnerSessions.revoke session "alice" handle none |> wait |> Expect.isFalse "once"

          testCase "promise 27: the handle of a session that moved meanwhile still ends it"
          <| fun () ->
              let _, session = open' ()
              let token = signIn session "alice"
              let handle = (listed session "alice").Head.Handle
              let next = tokenOf (wait (step session token Session.regenerate))
              OwnerSessions.revoke session "alice" handle none |> wait |> Expect.isTrue "ended"
              isAlive session next |> Expect.isFalse "dead"

          testCase "promise 27: a revocation does not follow a session to its next owner"
          <| fun () ->
              let _, session = open' ()
              let token = signIn session "alice"
              let next = tokenOf (wait (step session token (Session.signIn "bob")))
              OwnerSessions.revokeOwner session "alice" none |> wait |> Expect.equal "none" 0
              Session.owner (find session next) |> Expect.equal "bob" (Some "bob")

          for name, revoke in
              [ "all", (fun session (_: StoreKey) -> OwnerSessions.revokeOwner session "bob" none |> wait |> ignore)
                "one by its handle",
                (fun session key -> OwnerSessions.revoke session "bob" (StoreKey.toText key) none |> wait |> ignore)
                "the others",
                (fun session _ ->
                    let kept = (wait (load session (signIn session "bob"))).Place.Key
                    OwnerSessions.revokeOthers session "bob" kept none |> wait |> ignore) ] do
              for minutes in [ 0.; 10.; 19. ] do
                  testCase
                      $"promise 4, 9, 27: {name}: a revocation {minutes} minutes later leaves the next owner's tombstone, and a logout by it"
                  <| fun () ->
                      let clock, session = open' ()
                      let signInAs owner token = tokenOf (wait (step session token (Session.signIn owner)))
                      // Its tombstone is bob's.
                      let first = signIn session "alice"
                      let key = (wait (load session first)).Place.Key
                      let second = first |> signInAs "bob"
                      clock.Advance(TimeSpan.FromMinutes minutes)
                      let third = second |> signInAs "alice"
                      revoke session key
                      isAlive session third |> Expect.isTrue "alice's session"
                      (wait (load session second)).IsSuperseded |> Expect.isTrue "the browser has another cookie"
                      step session second Session.signOut |> wait |> ignore
                      isAlive session third |> Expect.isFalse "signed out"

          testCase "promise 27: all other sessions of the owner end; this one and other owners' sessions stay"
          <| fun () ->
              let _, session = open' ()
              let others = [ signIn session "alice"; signIn session "alice" ]
              let bob = signIn session "bob"
              // Its tombstone leads to the one that is kept.
              let this = tokenOf (wait (step session (signIn session "alice") Session.regenerate))
              let kept = (wait (load session this)).Place.Key
              OwnerSessions.revokeOthers session "alice" kept none |> wait |> Expect.equal "ended" 2
              others |> List.exists (isAlive session) |> Expect.isFalse "the others"
              [ this; bob ] |> List.forall (isAlive session) |> Expect.isTrue "the rest"

          testCase "promise 4: tombstones that lead to this one through another owner's stay"
          <| fun () ->
              let _, session = open' ()
              let signInAs owner token = tokenOf (wait (step session token (Session.signIn owner)))
              let first = signIn session "alice"
              let this = first |> signInAs "alice" |> signInAs "bob" |> signInAs "alice"
              let kept = (wait (load session this)).Place.Key
              OwnerSessions.revokeOthers session "alice" kept none |> wait |> Expect.equal "ended" 0
              (wait (load session first)).IsSuperseded |> Expect.isTrue "the browser has another cookie"
              isAlive session this |> Expect.isTrue "this one"

          testCase "promise 27: everybody's sessions end at once, those of strangers and moved ones too"
          <| fun () ->
              let _, session = open' ()
              let alice, stranger = signIn session "alice", start session increment
              let moved = tokenOf (wait (step session (start session increment) Session.regenerate))
              OwnerSessions.revokeAll session none |> wait |> Expect.equal "ended" 3
              [ alice; stranger; moved ] |> List.exists (isAlive session) |> Expect.isFalse "none is alive"

          testCase "promise 27: a driver without an index says so"
          <| fun () ->
              let clock = clock ()
              let session = web clock { memory clock with Owners = ValueNone }

              try
                  listed session "alice" |> ignore
                  failtest "nothing was raised"
              with :? NotSupportedException as e ->
                  e.Message |> Expect.stringContains "names the driver" "\"memory\""

          testCase "promise 27: sign-ins on many threads race a revocation: none of them outlives it unseen"
          <| fun () ->
              let _, session = open' ()

              for _ in 1..50 do
                  let signingIn =
                      [ for _ in 1..4 ->
                            fun () ->
                                task {
                                    try
                                        let! stepped = step session "" (Session.signIn "alice")
                                        return Some(tokenOf stepped)
                                    with :? SessionConflictException ->
                                        return None
                                } ]

                  let revoking () =
                      task {
                          let! _ = OwnerSessions.revokeOwner session "alice" none
                          return None
                      }

                  let tokens = atOnce (revoking :: signingIn) |> List.choose id
                  let alive = tokens |> List.filter (isAlive session) |> List.length
                  // Those that came after the revocation live, and the list shows all of them.
                  listed session "alice" |> List.length |> Expect.equal "all that live" alive
                  OwnerSessions.revokeOwner session "alice" none |> wait |> Expect.equal "and end" alive ]
