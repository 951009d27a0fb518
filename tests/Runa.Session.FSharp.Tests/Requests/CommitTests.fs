module Runa.Session.Tests.CommitTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private clock' = clock ()
let private now = clock'.GetUtcNow()
let private session = web clock' (memory clock')
let private key = StoreKey.ofBytes (ReadOnlySpan(Array.create 16 1uy))
let private place: Place = { Token = GenuineToken(TokenWords(), key); Pieces = 0 }

let private recordOf (state: SessionState) : SessionRecord =
    { Version = RecordVersion.RecordVersion 7L
      Scope = session.Scope
      State = state
      IdleExpiresAt = ValueNone
      Kind = RecordKind.Live }

let private stored =
    { SessionState.fresh now (TimeSpan.FromHours 2.) with Values = Map [ "count", "1" ] }

let private fresh = Snapshot.none session
let private gone = Snapshot.gone session place
let private active = Snapshot.ofRecord session place (recordOf stored)

let private successor = StoreKey(1UL, 2UL)

let private moved =
    NewRecord.tombstone now session.Scope (RecordVersion.RecordVersion 8L) (Some "alice") successor
    |> Snapshot.ofRecord session place

/// Its answer has arrived by now, or never will.
let private movedBefore =
    NewRecord.tombstone (now - Plan.flight) session.Scope (RecordVersion.RecordVersion 8L) (Some "alice") successor
    |> Snapshot.ofRecord session place

/// By this clock; by another one it may live.
let private ended =
    let ends = { stored with ExpiresAt = now.AddMinutes -1. }
    Snapshot.ofRecord session place (recordOf ends)

let private endedMove =
    NewRecord.tombstone
        (now - NewRecord.tombstoneLife)
        session.Scope
        (RecordVersion.RecordVersion 8L)
        (Some "alice")
        successor
    |> Snapshot.ofRecord session place

/// Of alice, without her device.
let private unproven = Snapshot.unproven session place (recordOf { stored with Owner = Some "alice" })

let private planned (loaded: Snapshot) (change: Session -> Session) = Plan.make now None loaded (change loaded.Session)

/// The plan's name, whether it sends a cookie, and what it writes.
let private says (plan: Plan) =
    let count (state: SessionState) = state.Values.TryFind "count"

    match plan with
    | Plan.Nothing -> "nothing", None
    | Plan.Touch _ -> "touch", None
    | Plan.Create state -> "create", count state
    | Plan.Replace(state, _) -> "replace", count state
    | Plan.Rekey state -> "rekey", count state
    | Plan.Delete -> "delete", None
    | Plan.DeleteEnded -> "delete what ended", None
    | Plan.DeleteThenCreate state -> "delete, create", count state
    | Plan.Superseded -> "superseded", None
    | Plan.Unproven -> "unproven", None

let private row name loaded change expected sendsCookie =
    testCase name
    <| fun () ->
        let plan = planned loaded change
        says plan |> Expect.equal "store" expected
        Plan.needsCookie plan |> Expect.equal "cookie" sendsCookie

let private five = Session.set count 5
let private goodbye = Session.signOut >> five

[<Tests>]
let tests =
    testList
        "Commit"
        [ testList
              "the table"
              [ row "promise 8: New, empty: nothing" fresh id ("nothing", None) false
                row
                    "promise 8: New, set and removed again: nothing"
                    fresh
                    (five >> Session.remove count)
                    ("nothing", None)
                    false
                row "promise 8: New, a label alone: nothing" fresh (Session.withLabel "phone") ("nothing", None) false
                row
                    "promise 8: New, a lifetime alone: nothing"
                    fresh
                    (Session.withLifetime (TimeSpan.FromDays 1.))
                    ("nothing", None)
                    false
                row "New, destroyed: nothing" fresh Session.destroy ("nothing", None) false
                row "New, regenerated: nothing" fresh Session.regenerate ("nothing", None) false
                row "New, a value: create" fresh five ("create", Some "5") true
                row "New, a flash: create" fresh (Session.flash notice "hello") ("create", None) true
                row "New, an owner: create" fresh (Session.signIn "alice") ("create", None) true
                row "New, destroyed, then a value: create" fresh goodbye ("create", Some "5") true
                row "Expired, empty: nothing, and the cookie stays" gone id ("nothing", None) false
                row "Expired, destroyed: nothing, and the cookie stays" gone Session.destroy ("nothing", None) false
                row "promise 3: Expired, a value: create" gone five ("create", Some "5") true
                row "promise 8: Active, the same: nothing" active id ("nothing", None) false
                row
                    "promise 21: Active, set to what it was: nothing"
                    active
                    (Session.set count 1)
                    ("nothing", None)
                    false
                row "promise 21: Active, changed: replace, no cookie" active five ("replace", Some "5") false
                row "Active, emptied: replace" active Session.clear ("replace", None) false
                row
                    "Active, another lifetime: replace, with a cookie"
                    active
                    (Session.withLifetime (TimeSpan.FromHours 5.))
                    ("replace", Some "1")
                    true
                row
                    "Active, its own lifetime again: nothing"
                    active
                    (Session.withLifetime (TimeSpan.FromHours 2.))
                    ("nothing", None)
                    false
                row "promise 4: Active, regenerated: rekey" active Session.regenerate ("rekey", Some "1") true
                row "promise 4: Active, signed in: rekey" active (Session.signIn "alice") ("rekey", Some "1") true
                row "Active, destroyed: delete" active Session.destroy ("delete", None) true
                row "Active, signed out, then a value: delete, create" active goodbye ("delete, create", Some "5") true
                row
                    "Active, signed in, then out: delete"
                    active
                    (Session.signIn "alice" >> Session.signOut)
                    ("delete", None)
                    true
                row
                    "Active, signed out, then in: delete, create"
                    active
                    (Session.signOut >> Session.signIn "bob")
                    ("delete, create", None)
                    true
                row "a tombstone, read: nothing, no cookie" moved id ("nothing", None) false
                row "a tombstone, changed: superseded, no cookie" moved five ("superseded", None) false
                row
                    "a tombstone of 5 seconds, signed in: create, nobody is locked out"
                    movedBefore
                    (Session.signIn "alice")
                    ("create", None)
                    true
                row
                    "a tombstone of 5 seconds, changed: superseded, no cookie"
                    movedBefore
                    five
                    ("superseded", None)
                    false
                row "a tombstone, signed in: superseded" moved (Session.signIn "alice") ("superseded", None) false
                row "a tombstone, regenerated: nothing" moved Session.regenerate ("nothing", None) false
                row
                    "promise 9, 28: what has ended by this clock, destroyed: delete, and no cookie"
                    ended
                    Session.destroy
                    ("delete what ended", None)
                    false
                row "promise 8: what has ended by this clock, empty: nothing" ended id ("nothing", None) false
                row "promise 3: what has ended by this clock, set: create" ended five ("create", Some "5") true
                row
                    "promise 9, 28: a tombstone that has ended, destroyed: delete, and no cookie"
                    endedMove
                    Session.destroy
                    ("delete what ended", None)
                    false
                row "a tombstone that has ended, set: create" endedMove five ("create", Some "5") true
                row "promise 9: a tombstone, destroyed: delete" moved Session.destroy ("delete", None) true
                row
                    "promise 9: a tombstone, signed out, then a value: delete, create"
                    moved
                    goodbye
                    ("delete, create", Some "5")
                    true
                row "promise 29: unproven, read: nothing" unproven id ("nothing", None) false
                row "promise 29: unproven, regenerated: refused" unproven Session.regenerate ("unproven", None) false
                row "promise 29: unproven, cleared: refused" unproven Session.clear ("unproven", None) false
                row
                    "promise 29: unproven, labelled: refused"
                    unproven
                    (Session.withLabel "phone")
                    ("unproven", None)
                    false
                row "promise 29: unproven, a value: refused" unproven five ("unproven", None) false
                row
                    "promise 29: unproven, a flash: refused"
                    unproven
                    (Session.flash notice "x")
                    ("unproven", None)
                    false
                row "promise 29: unproven, destroyed: delete" unproven Session.destroy ("delete", None) true
                row
                    "promise 29: unproven, signed out, then a value: delete, create"
                    unproven
                    goodbye
                    ("delete, create", Some "5")
                    true
                row
                    "promise 29: unproven, its owner's sign-in: delete, create"
                    unproven
                    (Session.signIn "alice" >> five)
                    ("delete, create", Some "5")
                    true
                row
                    "promise 29: unproven, another's sign-in: create, and the session stays"
                    unproven
                    (Session.signIn "bob")
                    ("create", None)
                    true
                row
                    "promise 29: unproven, signed in and out: delete"
                    unproven
                    (Session.signIn "bob" >> Session.signOut)
                    ("delete", None)
                    true ]

          testCase "a session whose new lifetime is over already is deleted"
          <| fun () ->
              let later = Snapshot.written session place (recordOf stored) 0L
              let wanted = Session.withLifetime (TimeSpan.FromMinutes 1.) later.Session
              Plan.make (now.AddMinutes 2.) None later wanted |> says |> Expect.equal "over" ("delete", None)

          testCase "a tombstone whose successor's cookie must have arrived: a sign-in creates, other changes do not"
          <| fun () ->
              let at seconds change = Plan.make (now.AddSeconds seconds) None moved (change moved.Session) |> says

              at 4.9 (Session.signIn "alice") |> Expect.equal "on its way" ("superseded", None)
              at 5. (Session.signIn "alice") |> Expect.equal "arrived, or lost" ("create", None)
              at 60. five |> Expect.equal "no owner" ("superseded", None)

          testCase "a tombstone reads as an empty session"
          <| fun () ->
              moved.Status |> Expect.equal "status" SessionStatus.Expired
              Session.isEmpty moved.Session |> Expect.isTrue "empty"
              Session.owner moved.Session |> Expect.equal "no owner" None

          testCase
              "promise 28: a tombstone holds the owner and the successor, and lasts two minutes by the clock of every node"
          <| fun () ->
              let tombstone = NewRecord.tombstone now "s" (RecordVersion.RecordVersion 1L) (Some "alice") key
              tombstone.Kind |> Expect.equal "kind" (RecordKind.Moved key)
              tombstone.State.Values |> Expect.isEmpty "no values"
              tombstone.State.Owner |> Expect.equal "owner" (Some "alice")
              SessionRecord.endsAt tombstone |> Expect.equal "end" (now.AddMinutes 7.)

          testCase "promise 16: flashes get ids of their own when they are stored, and keep them"
          <| fun () ->
              let flash id : Flash = { Id = id; Key = "notice"; Json = "1" }

              for version in [ -2L; 0L; 5L; Int64.MaxValue ] do
                  let state = { stored with Flashes = [ flash 42L; flash 0L; flash 0L; flash 0L ] }
                  let record = NewRecord.live now None "s" (RecordVersion.RecordVersion version) state
                  let ids = record.State.Flashes |> List.map _.Id
                  ids.Head |> Expect.equal "kept" 42L
                  ids |> List.distinct |> List.length |> Expect.equal "all distinct" 4
                  ids |> List.contains 0L |> Expect.isFalse "none without" ]
