/// A binding, and what browsers ask by themselves, in every order with whatever else happens to the session.
module Runa.Session.Tests.BoundInterleavingTests

open System.Collections.Generic
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Scheduler
open Runa.Session.Tests.BoundWorlds

let private isOk (one: Done) = one.Failure.IsNone

let private deedOf (one: Done) =
    match one.Act with
    | Act.OfDevice deed
    | Act.OfOther deed -> Some deed
    | Act.Register
    | Act.Refresh _ -> None

let private isOfOther (one: Done) =
    match one.Act with
    | Act.OfOther _ -> true
    | _ -> false

let private does (told: Outcome) (deeds: Deed list) =
    told.Answers
    |> List.exists (fun one -> isOk one && deedOf one |> Option.exists (fun deed -> List.contains deed deeds))

/// Whether the session of the beginning has ended: somebody says so, or its owner signed in without the device.
let private isEnded (told: Outcome) =
    does told [ Deed.SignOut; Deed.SignOutThenFlash; Deed.RevokeOwner; Deed.RevokeAll ]
    || told.Answers
       |> List.exists (fun one -> isOk one && deedOf one = Some Deed.SignIn && one.Saw = Some SessionStatus.Unproven)

/// The living sessions that come from the one of the beginning.
let private left (told: Outcome) : SessionState list =
    told.Given
    |> List.map told.World.Find
    |> List.filter (fun found -> found.IsActive && Session.has mark found.Session)
    |> List.distinctBy (fun found -> StoreKey.toText found.Place.Key)
    |> List.map _.State

let private isAlices (state: SessionState) = state.Owner = Some "alice"

let private changesNothingUnproven (told: Outcome) =
    let isRefused (one: Done) =
        match one.Failure with
        | Some(:? SessionUnprovenException)
        | Some(:? SessionConflictException) -> true
        | _ -> false

    told.Answers
    |> List.forall (fun one ->
        (told.Scene <> Scene.Bound || not (isOfOther one) || one.Saw <> Some SessionStatus.Active)
        && (one.Saw <> Some SessionStatus.Unproven || not one.IsCounted || isRefused one)
        && (one.Saw <> Some SessionStatus.Unproven || deedOf one <> Some Deed.Merge || isRefused one))

/// Only what requests changed that may, is in the session.
let private losesNoUpdate (told: Outcome) =
    let counted = told.Answers |> List.filter (fun one -> isOk one && one.IsCounted) |> List.length
    let isMerged = does told [ Deed.Merge ]

    left told
    |> List.filter isAlices
    |> List.forall (fun state ->
        (state.Values.TryFind "count" |> Option.map int |> Option.defaultValue 0) = counted
        && state.Values.ContainsKey "note" = isMerged)

let private staysDead (told: Outcome) = not (isEnded told) || (left told).IsEmpty

/// Nobody but who may ends it.
let private lives (told: Outcome) = isEnded told || does told [ Deed.SignInAsOther ] || (left told).Length = 1

let private hasOneBinding (told: Outcome) =
    let isBoundNow =
        told.Scene = Scene.Bound
        || told.Answers
           |> List.exists (fun one ->
               match one.Act with
               | Act.OfDevice _ -> one.Saw = Some SessionStatus.Active
               | _ -> false)

    match left told with
    | [] -> true
    | [ state ] when isAlices state && does told [ Deed.SignIn ] && told.Scene <> Scene.Bound -> state.Device.IsSome
    | [ state ] when isAlices state ->
        Binding.deviceId state = Some told.Id && (not isBoundNow || Binding.isBound state)
    // Another owner's session has a device of its own.
    | [ state ] -> Binding.deviceId state <> Some told.Id
    | _ -> false

/// The device of a session that has ended proves nothing.
let private isForgotten (told: Outcome) =
    if not (isEnded told) then
        true
    elif told.Answers |> List.exists (fun one -> one.Act = Act.Register) then
        told.Refreshes false = 401
    else
        told.Refreshes true = 401

let private failsAsSaid (told: Outcome) =
    told.Answers
    |> List.forall (fun one ->
        match one.Failure, one.Act with
        | Some(:? SessionUnprovenException), _ -> one.Saw = Some SessionStatus.Unproven
        | Some(:? SessionConflictException), _ -> true
        | Some _, _ -> false
        | None, Act.Register -> one.Reply = Some 200
        | None, Act.Refresh _ -> List.contains one.Reply.Value [ 200; 401; 403 ]
        | None, _ -> true)

let private acceptsOnce (told: Outcome) =
    let passed =
        told.Answers
        |> List.filter (fun one ->
            match one.Act with
            | Act.Refresh _ -> one.Reply = Some 200
            | _ -> false)

    passed.Length <= 1

let private rules: (string * (Outcome -> bool)) list =
    [ "no unproven request changed anything", changesNothingUnproven
      "no update is lost, and none is made up", losesNoUpdate
      "what ended stays ended", staysDead
      "what nobody ended lives", lives
      "one binding", hasOneBinding
      "the device of an ended session is forgotten", isForgotten
      "what fails, fails as it says", failsAsSaid
      "a challenge is good once", acceptsOnce ]

let private describe (told: Outcome) =
    [ for one in told.Answers -> $"{one.Act} saw {one.Saw}: {one.Failure |> Option.map _.Message}, reply {one.Reply}" ]
    |> fun answers ->
        let devices = left told |> List.map (fun state -> state.Owner, state.Device)
        $"%A{answers}, left %A{devices}, trace %A{told.World.Scheduler.Trace}"

/// Every interleaving; answers how many there were, and in how many of them somebody was told to be unproven.
let private judge inner (scene: Scene) (acts: Act list) : int * int =
    let broken = Dictionary<string, string>()
    let mutable unproven = 0

    let runs =
        explore (fun choose ->
            let told = tell inner scene acts choose

            if told.Answers |> List.exists (fun one -> one.Saw = Some SessionStatus.Unproven) then
                unproven <- unproven + 1

            for rule, holds in rules do
                if not (holds told) then
                    broken.TryAdd(rule, describe told) |> ignore)

    Expect.equal [ for KeyValue(rule, story) in broken -> $"{rule}: {story}" ] [] $"{scene}: %A{acts}"
    runs, unproven

/// What others do: the rest of the list would do the same, or shows no token.
let private ofOthers = [ Deed.Read; Deed.Increment; Deed.Merge; Deed.SignIn; Deed.SignOut ]

/// What the user does beside them. There is one of each kind that writes: a pair of longer ones has thousands of orders.
let private ofDevices =
    [ Deed.Increment; Deed.Merge; Deed.Regenerate; Deed.SignInAsOther; Deed.SignOut; Deed.RevokeOwner ]

let private besideOthers (scene: Scene) : int =
    List.allPairs ofDevices ofOthers
    |> List.sumBy (fun (deed, other) -> snd (judge ModelStore.create scene [ Act.OfDevice deed; Act.OfOther other ]))

[<Tests>]
let tests =
    testList
        "BoundInterleavings"
        [ testCase "promise 29: a refresh and a request of its device, a sign-out or a revocation, in every order"
          <| fun () ->
              for isBare in [ false; true ] do
                  for deed in deeds do
                      judge ModelStore.create Scene.Bound [ Act.Refresh isBare; Act.OfDevice deed ] |> ignore

                  judge ModelStore.create Scene.Bound [ Act.Refresh isBare; Act.Refresh true ] |> ignore

          testCase "promise 29: a registration and a request of the browser, or a sign-out, in every order"
          <| fun () ->
              for deed in deeds do
                  judge ModelStore.create Scene.Offered [ Act.Register; Act.OfOther deed ] |> ignore

          testCase "promise 29: a binding that comes into force in two tabs at once, in every order"
          <| fun () ->
              for index, first in List.indexed ofDevices do
                  for second in List.skip index ofDevices do
                      judge ModelStore.create Scene.Registered [ Act.OfDevice first; Act.OfDevice second ] |> ignore

          testCase "promise 29: a binding that comes into force beside a request without the bound cookie"
          <| fun () -> Expect.isGreaterThan (besideOthers Scene.Registered) 100 "so often it is too late for the other"

          testCase "promise 29: a thief without the bound cookie beside the user, in every order"
          <| fun () -> Expect.isGreaterThan (besideOthers Scene.Bound) 100 "so often the thief is refused"

          testCase "promise 29: a refresh, the user and a thief in every order"
          <| fun () ->
              for deed in [ Deed.Increment; Deed.SignOut ] do
                  for other in [ Deed.Read; Deed.Increment ] do
                      judge memory Scene.Bound [ Act.Refresh false; Act.OfDevice deed; Act.OfOther other ] |> ignore ]
