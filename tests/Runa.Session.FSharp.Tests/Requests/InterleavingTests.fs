module Runa.Session.Tests.InterleavingTests

open System
open System.Collections.Generic
open Expecto
open Runa.Session
open Runa.Session.Tests
open Runa.Session.TestSupport
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Interleavings
open Runa.Session.Tests.Scheduler

let private calm _ = Behaviour.Pass
let private starts = [ None; Some "alice" ]

let private pairs =
    [ for index, first in List.indexed deeds do
          for second in List.skip index deeds -> [ first; second ] ]

/// How they run.
type private Run = string option -> Deed list -> Choose -> (int -> Behaviour) -> Story

/// What the requests were told, and all living sessions afterwards.
type private Ending = (Deed * bool * bool) list * View list

let private acknowledged (story: Story) = story.Responses |> List.map (fun r -> r.Deed, isDone r, isDone r && r.Counted)

let private ending (story: Story) : Ending = acknowledged story, living story

/// Endings that need no explanation: one after the other in both orders; and one alone, where the other is refused or,
/// run once on a session without an owner that is gone, dropped.
let private serial (run: Run) start (pair: Deed list) : Ending list =
    let refused = pair |> List.map (fun deed -> deed, false, false)

    [ ending (run start pair (fun _ -> 0) calm)
      ending (run start pair (fun options -> options - 1) calm)
      for index, deed in List.indexed pair do
          let alone = run start [ deed ] (fun _ -> 0) calm
          let answers = List.updateAt index (List.head (acknowledged alone)) refused
          answers, living alone

          if start.IsNone then
              let dropped =
                  answers
                  |> List.mapi (fun i (deed, isDone, isCounted) ->
                      deed, isDone || (i <> index && deed = Deed.Merge), isCounted)

              dropped, living alone ]

/// Every interleaving, with what is wrong in it.
let private judge (run: Run) start (deeds: Deed list) (wrong: Story -> string list) : int =
    let found = Dictionary<string, string>()

    let runs =
        explore (fun choose ->
            let story = run start deeds choose calm

            for rule in wrong story do
                found.TryAdd(rule, describe story) |> ignore)

    let report = [ for KeyValue(rule, story) in found -> $"{rule}: {story}" ]
    Expect.equal report [] $"%A{deeds} from %A{start}"
    runs

let private everyPair (run: Run) (broken: Story -> string list) () =
    let mutable runs = 0

    for start in starts do
        for pair in pairs do
            let expected = serial run start pair

            runs <-
                runs
                + judge run start pair (fun story ->
                    [ if not (List.contains (ending story) expected) then
                          "it is as if one had followed the other"
                      yield! broken story ])

    Expect.isGreaterThan runs 3_000 "so many interleavings there are at least"

/// All endings in the order in which they are explored.
let private endings inner start pair =
    let all = List<Ending>()
    explore (fun choose -> all.Add(ending (run inner start pair choose calm))) |> ignore
    List.ofSeq all

let private triples =
    [ [ Deed.Regenerate; Deed.SignOut; Deed.Increment ]
      [ Deed.Increment; Deed.SignOut; Deed.RevokeAll ]
      [ Deed.SignOutThenFlash; Deed.Regenerate; Deed.Merge ] ]

[<Tests>]
let tests =
    testList
        "Interleavings"
        [ testCase
              "promise 4, 9, 12, 27: two requests of one browser, or a revocation, in every order of their store calls: nothing lost, nothing resurrected, nobody logged out"
          <| everyPair (run ModelStore.create) Invariants.broken

          testCase
              "promise 28: two nodes whose clocks are five minutes apart keep to the same in every order of their store calls, as far as one can tell"
          <| fun () ->
              for skews in [ [ 5.; 0. ]; [ 0.; 5. ]; [ -5.; 0. ]; [ 0.; -5. ] ] do
                  let run = runOn (skews |> List.map TimeSpan.FromMinutes) ModelStore.create
                  everyPair run Invariants.brokenOnSkewedNodes ()

          testCase "promise 4, 9, 12: the memory driver ends every interleaving as the model store does"
          <| fun () ->
              for pair in
                  [ [ Deed.Increment; Deed.Regenerate ]
                    [ Deed.Increment; Deed.SignOut ]
                    [ Deed.SignIn; Deed.RevokeOwner ]
                    [ Deed.Regenerate; Deed.RevokeAll ]
                    [ Deed.Regenerate; Deed.SignOutThenFlash ]
                    [ Deed.SignInAsOther; Deed.SignOut ]
                    [ Deed.Read; Deed.SignOut ] ] do
                  for start in starts do
                      Expect.equal
                          (endings memory start pair)
                          (endings ModelStore.create start pair)
                          $"%A{pair} from %A{start}"

          testCase "promise 4, 9, 12: three requests in every order: a regenerate, a logout, and a third"
          <| fun () ->
              for triple in triples do
                  let runs = judge (run ModelStore.create) None triple Invariants.broken
                  // Two calls, two calls and one: 30 orders at the least.
                  Expect.isGreaterThanOrEqual runs 30 $"interleavings of %A{triple}" ]
