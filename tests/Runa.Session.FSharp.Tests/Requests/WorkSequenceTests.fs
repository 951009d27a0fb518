/// What one request knows of one session: the transitions of Work, in any order, beside the model.
module Runa.Session.Tests.WorkSequenceTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session.TestSupport
open Runa.Session
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Snapshots
open Runa.Session.Tests.WorkActs
open Runa.Session.Tests.WorkModel

/// What holds after each transition.
let private check world =
    let work = world.Work

    for session in world.Refused do
        Work.isShown session work |> Expect.isFalse "a session given out before the last change is refused"

    for session in world.Shown do
        Work.isShown session work |> Expect.isTrue "what was shown since the last change may come back"

    texts work.Cookie |> Expect.equal "what the browser is told" world.Cookie
    same work.Fault world.Fault |> Expect.isTrue "the first fault stays"

    Work.isPending work
    |> Expect.equal "something is left to be committed" (world.Set.IsSome || not (isNull world.Fault))

    if isLoaded world then
        valuesOf (Work.current work)
        |> Expect.equal "what stands" (Option.defaultValue world.Stored world.Set)

        same (Work.current work).Origin work.Snapshot
        |> Expect.isTrue "what stands was made from the snapshot that stands"

    world

[<Tests>]
let tests =
    testList
        "Work"
        [ testCase
              "any sequence of transitions: nothing that was overtaken comes back, and nothing that was set is lost"
          <| fun () ->
              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(60).WithQuietOnSuccess true,
                  Prop.forAll (Arb.fromGenShrink (Gen.listOf act, shorter)) (fun acts ->
                      acts |> List.fold (fun world act -> check (run world act)) nothing |> ignore)
              ) ]
