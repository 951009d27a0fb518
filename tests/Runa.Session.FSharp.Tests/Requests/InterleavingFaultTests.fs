module Runa.Session.Tests.InterleavingFaultTests

open System.Collections.Generic
open Expecto
open Runa.Session
open Runa.Session.Tests
open Runa.Session.TestSupport
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Interleavings
open Runa.Session.Tests.Scheduler

let private starts = [ None; Some "alice" ]
let private faults = [ Behaviour.FailBefore; Behaviour.FailAfter ]

/// The store fails at this step, and works again after it.
let private at (wanted: int) (fault: Behaviour) = fun step -> if step = wanted then fault else Behaviour.Pass

let private first (_: int) = 0
let private alone start deed behave = run ModelStore.create start [ deed ] first behave

let private before start = List.exactlyOne (living (alone start Deed.Read (fun _ -> Behaviour.Pass)))

/// One deed, with a fault at each of its steps in turn.
let private everyFault (check: string option -> Deed -> Story -> unit) () =
    for start in starts do
        for deed in deeds do
            let steps = (alone start deed (fun _ -> Behaviour.Pass)).Trace.Length
            Expect.isGreaterThan steps 0 $"%A{deed} asks the store"

            for step in 0 .. steps - 1 do
                for fault in faults do
                    check start deed (alone start deed (at step fault))

let private wholeOnly start deed (story: Story) =
    let whole = before start :: living (alone start deed (fun _ -> Behaviour.Pass))

    for view in living story do
        Expect.contains whole view $"a whole session: {describe story}"

let private honest start deed (story: Story) =
    let response = List.exactlyOne story.Responses

    match response.Failure with
    | Some(:? SessionStoreException) -> ()
    | Some other -> failtest $"{other.GetType().Name}: {describe story}"
    | None ->
        let intended = living (alone start deed (fun _ -> Behaviour.Pass))
        Expect.equal (living story) intended $"what is acknowledged is stored: {describe story}"

let private unlost _ deed (story: Story) =
    match deed with
    | Deed.SignOut
    | Deed.SignOutThenFlash
    | Deed.RevokeOwner
    | Deed.RevokeAll -> ()
    | _ -> Expect.isNonEmpty (living story) $"the session survives: {describe story}"

let private recovers _ _ (story: Story) =
    Expect.isTrue (Invariants.canSignInAfterwards story) $"the next sign-in works: {describe story}"

/// Two requests, a fault at each step of every interleaving.
let private everyFaultOfPair start pair (check: Story -> string list) =
    let found = Dictionary<string, string>()
    let mutable runs = 0

    for fault in faults do
        let mutable longest = 1
        let mutable step = 0

        while step < longest do
            runs <-
                runs
                + explore (fun choose ->
                    let story = run ModelStore.create start pair choose (at step fault)
                    longest <- max longest story.Trace.Length

                    for rule in check story do
                        found.TryAdd(rule, describe story) |> ignore)

            step <- step + 1

    let report = [ for KeyValue(rule, story) in found -> $"{rule}: {story}" ]
    Expect.equal report [] $"%A{pair} from %A{start}"
    runs

let private counts (story: Story) =
    let increments = story.Responses |> List.filter (fun r -> r.Deed = Deed.Increment)
    let acknowledged = increments |> List.filter isDone |> List.length
    let isEnded = story.Responses |> List.exists (fun r -> r.Deed = Deed.SignOut)

    match jar story story.Responses with
    | Some token when not isEnded ->
        let count = (view (story.World.Find token).Session).Count

        [ if count < acknowledged then
              "an acknowledged increment is lost"
          if count > increments.Length then
              "an increment is applied twice" ]
    | _ -> []

let private dead (story: Story) =
    let isLoggedOut = story.Responses |> List.exists (fun r -> isDone r && r.Deed = Deed.SignOut)

    [ if isLoggedOut && living story |> List.exists _.IsMarked then
          "a session outlives an acknowledged logout" ]

[<Tests>]
let tests =
    testList
        "Interleavings with a store that fails"
        [ testCase "promise 15: a fault at any step, done or not, leaves tokens that lead to whole sessions only"
          <| everyFault wholeOnly

          testCase "promise 14: a fault at any step is an error, unless all was stored" <| everyFault honest

          testCase "promise 4, 12: a fault at any step of anything but a logout loses no session"
          <| everyFault unlost

          testCase "promise 25: after a fault at any step, the browser can sign in" <| everyFault recovers

          testCase "promise 4, 9, 12: two requests in every order with a fault at every step"
          <| fun () ->
              for pair in
                  [ [ Deed.Increment; Deed.Increment ]
                    [ Deed.Increment; Deed.Regenerate ]
                    [ Deed.Regenerate; Deed.SignOut ] ] do
                  let runs = everyFaultOfPair None pair (fun story -> counts story @ dead story)
                  Expect.isGreaterThan runs 40 $"%A{pair}" ]
