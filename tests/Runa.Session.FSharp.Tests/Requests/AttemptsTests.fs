module Runa.Session.Tests.AttemptsTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

/// Each call goes on on another thread, so that requests overtake each other.
let private hopping clock = TestDriver(memory clock, (fun _ -> Behaviour.Wait(Task.Run(fun () -> ()))))

let private conflict (work: unit -> Task<'T>) : SessionConflictException =
    try
        wait (work ()) |> ignore
        failtest "nothing was raised"
    with :? SessionConflictException as e ->
        e

let private counting () =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)
    driver, web clock driver.Driver

/// A step that asks for the owner itself, as withOwner's does.
let private asOwner session token (change: Session -> Session) =
    task {
        let! loaded = load session token

        return!
            Engine.run session null loaded null WhenGone.StepAgain (fun s ->
                match Session.owner s with
                | Some owner -> struct (change s, owner)
                | None -> struct (s, "please sign in"))
    }

/// A step with something that happens after its load.
let private overtaken session token whenGone (meanwhile: unit -> unit) (change: Session -> Session) =
    task {
        let! loaded = load session token
        meanwhile ()
        return! Engine.run session null loaded null whenGone (fun s -> struct (change s, ()))
    }

let private ending session token () = step session token Session.signOut |> wait |> ignore

[<Tests>]
let tests =
    testList
        "Attempts"
        [ testCase "promise 12: 1,000 concurrent increments of one key add 1,000, with a few store calls each"
          <| fun () ->
              let clock = clock ()
              let driver = hopping clock
              let session = web clock driver.Driver
              let token = start session (Session.set count 0)
              driver.Forget()
              atOnce [ for _ in 1..1000 -> fun () -> step session token increment ] |> ignore
              Session.getOr count 0 (find session token) |> Expect.equal "all" 1000
              Expect.isLessThan "attempts" (driver.Count StoreOperation.Replace, 6_000)

          testCase "promise 12: concurrent run-once changes of different keys all survive"
          <| fun () ->
              let clock = clock ()
              let session = web clock (hopping clock).Driver
              let token = start session increment
              let key n = SessionKey.create<int> $"key {n}"
              let loaded = [ for n in 1..100 -> n, wait (load session token) ]

              atOnce
                  [ for n, loaded in loaded -> fun () -> commit session loaded (Session.set (key n) n loaded.Session) ]
              |> ignore

              let found = find session token
              [ for n in 1..100 -> Session.tryGet (key n) found ]
              |> Expect.equal "all" [ for n in 1..100 -> Some n ]

          testCase "promise 12: of the same key, the last run-once commit wins whole"
          <| fun () ->
              let _, session = counting ()
              let token = start session increment
              let first, second = wait (load session token), wait (load session token)
              commit session second (Session.set note "first" second.Session) |> wait |> ignore
              commit session first (Session.set note "last" first.Session) |> wait |> ignore
              Session.tryGet note (find session token) |> Expect.equal "the last" (Some "last")

          testCase "promise 16: a flash is taken exactly once by concurrent pure steps"
          <| fun () ->
              let clock = clock ()
              let session = web clock (hopping clock).Driver
              let token = start session (Session.flash notice "hello")

              let take () =
                  task {
                      let! loaded = load session token

                      let! stepped =
                          Engine.run session null loaded null WhenGone.StepAgainUnlessOwned (fun s ->
                              let taken, s = Session.takeFlashes notice s
                              struct (s, taken))

                      return stepped.Result
                  }

              atOnce [ for _ in 1..100 -> take ] |> List.concat |> Expect.equal "once" [ "hello" ]

          testCase "promise 16: a run-once handler that loses a flash is told so"
          <| fun () ->
              let _, session = counting ()
              let token = start session (Session.flash notice "hello")
              let taking = [ for _ in 1..2 -> wait (load session token) ]
              let take (loaded: Snapshot) = commit session loaded (snd (Session.takeFlashes notice loaded.Session))
              take taking[0] |> wait |> ignore
              let e = conflict (fun () -> take taking[1])
              e.Message |> Expect.stringContains "says why" "flash"

          testCase "a step that met a conflict answers from the session that it was committed on"
          <| fun () ->
              let _, session = counting ()
              let token = start session increment
              let loaded = wait (load session token)
              step session token increment |> wait |> ignore
              let mutable seen = []

              let stepped =
                  Engine.run session null loaded null WhenGone.StepAgain (fun s ->
                      seen <- Session.getOr count 0 s :: seen
                      struct (increment s, Session.getOr count 0 s))

              (stepped.AsTask() |> wait).Result |> Expect.equal "the newer" 2
              seen |> Expect.equal "twice" [ 2; 1 ]

          testCase
              "promise 9: a session without an owner that ended is not brought back; a pure step runs again on an empty one"
          <| fun () ->
              let _, session = counting ()
              let token = start session (Session.set count 5)
              let stepped =
                  wait (overtaken session token WhenGone.StepAgainUnlessOwned (ending session token) increment)
              Session.getOr count 0 stepped.Snapshot.Session |> Expect.equal "from empty" 1
              tokenOf stepped |> Expect.notEqual "under another id" token
              Session.status (find session token) |> Expect.equal "the old one" SessionStatus.Expired

          testCase "promise 9: a run-once change of a session without an owner that ended is dropped"
          <| fun () ->
              let driver, session = counting ()
              let token = start session increment
              let loaded = wait (load session token)
              ending session token ()
              driver.Forget()
              let stepped = wait (commit session loaded (Session.set note "late" loaded.Session))
              Session.isEmpty stepped.Snapshot.Session |> Expect.isTrue "nothing"
              stepped.IsWritten |> Expect.isFalse "not written"
              driver.Count StoreOperation.Create |> Expect.equal "not created" 0

          testCase "promise 14: a run-once sign-in to a session that ended is refused, not dropped"
          <| fun () ->
              let _, session = counting ()
              let token = start session increment
              let loaded = wait (load session token)
              ending session token ()
              conflict (fun () -> commit session loaded (Session.signIn "alice" loaded.Session)) |> ignore
              let left = wait (OwnerListing.list session "alice" CancellationToken.None)
              left |> Expect.isEmpty "what was created is taken back"

          testCase "an owner's values never land in a stranger's session: pure and run-once steps raise"
          <| fun () ->
              let driver, session = counting ()

              for isPure in [ true; false ] do
                  let token = start session (Session.signIn "alice")
                  driver.Forget()

                  conflict (fun () ->
                      if isPure then
                          overtaken
                              session
                              token
                              WhenGone.StepAgainUnlessOwned
                              (ending session token)
                              (Session.set note "private")
                      else
                          let loaded = wait (load session token)
                          ending session token ()
                          commit session loaded (Session.set note "private" loaded.Session))
                  |> ignore

                  driver.Count StoreOperation.Create |> Expect.equal "nothing was created" 0

          testCase "a step that asks for the owner sees a logout in between"
          <| fun () ->
              let _, session = counting ()
              let token = start session (Session.signIn "alice")
              let loaded = wait (load session token)
              ending session token ()

              let stepped =
                  Engine.run session null loaded null WhenGone.StepAgain (fun s ->
                      match Session.owner s with
                      | Some owner -> struct (increment s, owner)
                      | None -> struct (s, "please sign in"))

              (stepped.AsTask() |> wait).Result |> Expect.equal "answer" "please sign in"
              (wait (asOwner session token increment)).Result |> Expect.equal "and the next" "please sign in"

          testCase "promise 4: saving under a token that another request exchanged raises, and stores nothing"
          <| fun () ->
              let driver, session = counting ()
              let token = start session increment
              let next = tokenOf (wait (step session token Session.regenerate))
              driver.Forget()
              let e = conflict (fun () -> step session token increment)
              e.Message |> Expect.stringContains "says why" "new id"
              driver.Calls |> List.filter _.IsWrite |> Expect.equal "nothing" []
              Session.getOr count 0 (find session next) |> Expect.equal "undisturbed" 1 ]
