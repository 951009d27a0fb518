/// What one request knows of one session: transitions of Work, one by one.
module Runa.Session.Tests.WorkTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Snapshots

let private stored values = snapshotOf 1L (holding (Map.ofList values))
let private later values = snapshotOf 2L (holding (Map.ofList values))
let private loaded values = Work.load (stored values) Work.none

let private putNow key value work = Work.put (set key value (Work.current work)) work

/// Something was committed.
let private wrote snapshot cookie : Answer = Answer.written snapshot cookie

let private taking (session: Session) = snd (Session.takeFlashes notice session)

let private conflict (act: unit -> unit) =
    try
        act ()
        failtest "nothing was raised"
    with :? SessionConflictException as e ->
        e.Message

[<Tests>]
let tests =
    testList
        "Work"
        [ testCase "a second change made from what was shown before the first one is refused"
          <| fun () ->
              let struct (shown, work) = Work.show (loaded [ "a", "1" ])
              Work.isShown shown work |> Expect.isTrue "the first may come back"
              let work = Work.put (set "a" "2" shown) work
              Work.isShown (set "b" "2" shown) work |> Expect.isFalse "the second would undo it"

          testCase "what a step was given cannot be set, also where nothing was shown before"
          <| fun () ->
              let struct (_, given, work) = Work.give (loaded [ "a", "1" ])
              Work.isShown given work |> Expect.isFalse "before"
              let struct (_, work) = Work.show work
              Work.isShown given work |> Expect.isFalse "after"

          testCase "what was set while a commit was under way is still to be committed, on what that stored"
          <| fun () ->
              let work = loaded [ "a", "1" ] |> putNow "a" "2"
              let from, set = work.Snapshot, work.Pending
              let work = work |> putNow "b" "3"
              let work = Work.settle from set (wrote (later [ "a", "2"; "c", "4" ]) CookieChange.None) work
              Work.isPending work |> Expect.isTrue "b"

              valuesOf (Work.current work) |> Expect.equal "on top" (Map [ "a", "2"; "b", "3"; "c", "4" ])

          testCase "what is shown after an idle end was moved, of a change that was set meanwhile, may come back"
          <| fun () ->
              let struct (from, _, work) = Work.give (loaded [])
              let struct (_, work) = Work.show (putNow "a" "1" work)
              let work = Work.settle from null (Answer.unwritten (stored [])) work
              let struct (shown, work) = Work.show work
              valuesOf shown |> Expect.equal "the change" (Map [ "a", "1" ])
              Work.isShown shown work |> Expect.isTrue "what GetSession gives, SetSession takes"

          testCase "a load that moves the idle end carries along what was set meanwhile"
          <| fun () ->
              let work = Work.load (stored []) (loaded [] |> putNow "a" "1")
              let struct (from, given, _) = Work.give work
              same given.Origin from |> Expect.isTrue "made from what stands"
              valuesOf given |> Expect.equal "with the change" (Map [ "a", "1" ])

          testCase "what was set under a commit that another id overtook cannot be carried over"
          <| fun () ->
              let tombstone = RecordKind.Moved(StoreKey.ofBytes (ReadOnlySpan(Array.create 16 7uy)))
              let moved = Snapshot.ofRecord definition place { recordOf 2L fresh with Kind = tombstone }
              let work = loaded [ "a", "1" ]
              let from = work.Snapshot
              let work = work |> putNow "a" "2"

              conflict (fun () -> Work.settle from null (Answer.unwritten moved) work |> ignore)
              |> Expect.stringContains "says why" "new id"

          testCase "promise 16: a flash that a commit under way took is not taken again by what was set meanwhile"
          <| fun () ->
              let flash: Flash = { Id = 5L; Key = "notice"; Json = "\"hello\"" }
              let work = Work.load (snapshotOf 1L { fresh with Flashes = [ flash ] }) Work.none
              let work = work |> Work.put (taking (Work.current work))
              let answer = wrote (later []) CookieChange.None

              // Set from what had taken it: one taking, which is stored.
              let own = Work.settle work.Snapshot work.Pending answer (putNow "a" "1" work)
              (Work.current own).Change.Taken |> Expect.isEmpty "asked for no more"

              // Set while a step took it: two takings, and nobody is told twice.
              let from = work.Snapshot
              conflict (fun () -> Work.settle from null answer work |> ignore)
              |> Expect.stringContains "says why" "flash"

          testCase "promise 12: what a run-once step made is merged onto what it committed itself meanwhile"
          <| fun () ->
              let work = loaded [ "a", "1"; "b", "1" ]
              let struct (start, given, work) = Work.give work
              let work = Work.settle start null (wrote (later [ "a", "2"; "b", "1" ]) CookieChange.None) work
              let struct (from, wanted) = Work.carry start given (set "b" "3" given) work
              valuesOf wanted |> Expect.equal "both" (Map [ "a", "2"; "b", "3" ])
              same wanted.Origin from |> Expect.isTrue "made from what stands"
              from.Since |> Expect.equal "first looked at when the step began" start.Since

          testCase
              "promise 16: a flash that was taken before a run-once step, and committed during it, is not taken again"
          <| fun () ->
              let flash: Flash = { Id = 5L; Key = "notice"; Json = "\"hello\"" }
              let work = Work.load (snapshotOf 1L { fresh with Flashes = [ flash ] }) Work.none
              let work = work |> Work.put (taking (Work.current work))
              let struct (start, given, work) = Work.give work
              let work = Work.settle start work.Pending (wrote (later []) CookieChange.None) work
              let struct (_, wanted) = Work.carry start given (set "a" "1" given) work
              wanted.Change.Taken |> Expect.isEmpty "asked for no more"
              valuesOf wanted |> Expect.equal "what the step made" (Map [ "a", "1" ])

          testCase "a fault stays through a commit, is not covered by another, and goes when the change is discarded"
          <| fun () ->
              let first, second = exn "first", exn "second"
              let work = loaded [] |> putNow "a" "1" |> Work.fail first |> Work.fail second
              let settled = Work.settle work.Snapshot work.Pending (Answer.unwritten work.Snapshot) work
              same settled.Fault first |> Expect.isTrue "the first"
              Work.isPending settled |> Expect.isTrue "still to be raised"
              Work.isPending (Work.discard settled) |> Expect.isFalse "gone"

          testCase "a fault without a session is raised by the commit, too"
          <| fun () ->
              let work = Work.none |> Work.fail (exn "not loaded")
              Work.isLoaded work |> Expect.isFalse "nothing is loaded"
              Work.isPending work |> Expect.isTrue "and something is to be raised"

          testCase "a cookie that the browser is to be told stays until another is"
          <| fun () ->
              let settle answer (work: Work) = Work.settle work.Snapshot null answer work
              let said = CookieChange.Set("token".AsMemory(), now, 0)
              let work = loaded [] |> settle (wrote (later []) said)
              let quiet = work |> settle (wrote (later []) CookieChange.None)
              texts quiet.Cookie |> Expect.equal "not unsaid" "set token"
              let expired = quiet |> settle (wrote (later []) (CookieChange.Expire 0))
              texts expired.Cookie |> Expect.equal "the later one" "expire 0"

          testCase "a session that was set again is told from one that was only moved to another snapshot"
          <| fun () ->
              let work = loaded [] |> putNow "a" "1"
              let struct (_, _, given) = Work.give work
              let struct (_, shown) = Work.show given
              Work.isSetSince work.Pending shown |> Expect.isFalse "moved only"
              Work.isSetSince work.Pending (shown |> putNow "a" "1") |> Expect.isTrue "set again"
              Work.isSetSince null work |> Expect.isTrue "nothing was set before"
              Work.isSetSince work.Pending (Work.discard work) |> Expect.isFalse "nothing is set now"

          testCase "promise 12: what counts or queues is told from what may be saved twice"
          <| fun () ->
              let session = Work.current (loaded [])
              Work.addsUp null |> Expect.isFalse "nothing"
              Work.addsUp (Session.set note "x" session) |> Expect.isFalse "a value that is set"
              let struct (_, counted) = Session.updateAgain count 0 ((+) 1) session
              Work.addsUp counted |> Expect.isTrue "one that is counted, at a merge once more"
              Work.addsUp (Session.flash notice "x" session) |> Expect.isTrue "a flash that is queued" ]
