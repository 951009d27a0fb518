module Runa.Session.Tests.BindingTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Snapshots

let private id = DeviceId.create ()
let private bound = Some(DeviceBinding.Bound id)
let private offered = Some(DeviceBinding.Offered id)

/// Signed in so many minutes ago.
let private signedIn (minutes: float) (device: DeviceBinding option) : SessionState =
    { fresh with
        Owner = Some "ann"
        SignedInAt = Some(now.AddMinutes -minutes)
        CreatedAt = now.AddMinutes(-minutes - 60.)
        Device = device }

let private judge setting state isShown = Binding.judge setting now state isShown

let private row name setting state isShown expected =
    testCase name <| fun () -> judge setting state isShown |> Expect.equal "the proof" expected

[<Tests>]
let judging =
    let both = [ DeviceBound.Offer; DeviceBound.Require ]

    testList
        "Binding.judge"
        [ for setting in both do
              row $"{setting}: bound, and shown: given" setting (signedIn 60. bound) true Proof.Given
              row $"{setting}: bound, not shown: missing" setting (signedIn 0. bound) false Proof.Missing
              row $"{setting}: offered, and shown: the first" setting (signedIn 60. offered) true Proof.First
              row $"{setting}: offered, not shown: not needed" setting (signedIn 5.9 offered) false Proof.NotNeeded
              row $"{setting}: no device, at once: not needed" setting (signedIn 5.9 None) false Proof.NotNeeded
              row $"{setting}: no owner: not needed" setting { fresh with Device = bound } false Proof.NotNeeded

          row "offer: offered, never shown: not needed" DeviceBound.Offer (signedIn 60. offered) false Proof.NotNeeded
          row "offer: no device: not needed" DeviceBound.Offer (signedIn 60. None) false Proof.NotNeeded
          row "require: offered, 6 minutes: missing" DeviceBound.Require (signedIn 6. offered) false Proof.Missing
          row "require: no device, 6 minutes: missing" DeviceBound.Require (signedIn 6. None) false Proof.Missing

          testCase "promise 29: a bound session needs its device although the setting was switched off and on"
          <| fun () -> judge DeviceBound.Off (signedIn 60. bound) false |> Expect.equal "bound" Proof.Missing

          testCase "the binding that comes into force is the one that was offered, and no other state changes"
          <| fun () ->
              (Binding.bound (signedIn 1. offered)).Device |> Expect.equal "bound" bound

              for device in [ None; bound ] do
                  let state = signedIn 1. device
                  same (Binding.bound state) state |> Expect.isTrue $"{device}" ]

let private settle offers (before: SessionState) plan = Binding.settle offers (snapshotOf 1L before) plan

let private stateOf (plan: Plan) : SessionState =
    match plan with
    | Plan.Create state
    | Plan.DeleteThenCreate state
    | Plan.Replace(state, _)
    | Plan.Rekey state -> state
    | plan -> failtest $"{plan} has no state"

/// The device, as a row says it: a new offer has an id of its own.
let private said (device: DeviceBinding option) =
    match device with
    | None -> "none"
    | Some(DeviceBinding.Bound other) when other = id -> "bound"
    | Some(DeviceBinding.Offered other) when other = id -> "offered"
    | Some(DeviceBinding.Offered other) when (DeviceId.tryBytes other).IsSome -> "a new offer"
    | Some _ -> "another"

let private settles name offers before plan expected =
    testCase name
    <| fun () -> (stateOf (settle offers before plan)).Device |> said |> Expect.equal "the device" expected

/// A later sign-in, which changes when.
let private again (owner: string) (state: SessionState) =
    { state with Owner = Some owner; SignedInAt = Some(now.AddMinutes 1.) }

[<Tests>]
let settling =
    let visitor = fresh
    let created = signedIn 0. None
    let ownBound, ownOffered, unbound = signedIn 60. bound, signedIn 60. offered, signedIn 60. None

    testList
        "Binding.settle"
        [ settles "a sign-in that creates: an offer" true visitor (Plan.Create created) "a new offer"
          settles "the same, to a browser that cannot bind: none" false visitor (Plan.Create created) "none"
          settles "a session without an owner: none" true visitor (Plan.Create visitor) "none"
          settles "sign-out and sign-in: an offer" true ownBound (Plan.DeleteThenCreate created) "a new offer"
          settles
              "promise 29: a new session is never bound to what an unproven request found"
              true
              ownBound
              (Plan.Create { created with Device = bound })
              "a new offer"
          settles "regenerate, bound: stays" true ownBound (Plan.Rekey ownBound) "bound"
          settles "regenerate, offered: stays" true ownOffered (Plan.Rekey ownOffered) "offered"
          settles "the same owner, bound: stays" true ownBound (Plan.Rekey(again "ann" ownBound)) "bound"
          settles
              "the same owner, bound, from what cannot bind: stays"
              false
              ownBound
              (Plan.Rekey(again "ann" ownBound))
              "bound"
          settles "the same owner, offered: anew" true ownOffered (Plan.Rekey(again "ann" ownOffered)) "a new offer"
          settles "the same owner, unbound: an offer" true unbound (Plan.Rekey(again "ann" unbound)) "a new offer"
          settles "another owner, bound: an offer" true ownBound (Plan.Rekey(again "bob" ownBound)) "a new offer"
          settles
              "another owner, bound, to a browser that cannot bind: none"
              false
              ownBound
              (Plan.Rekey(again "bob" ownBound))
              "none"
          settles "a change: stays" true ownBound (Plan.Replace(ownBound, false)) "bound"

          testCase "a plan without a new id stays what it is"
          <| fun () ->
              for plan in
                  [ Plan.Nothing
                    Plan.Touch now
                    Plan.Replace(ownOffered, true)
                    Plan.Delete
                    Plan.DeleteEnded
                    Plan.Superseded
                    Plan.Unproven ] do
                  same (settle true ownBound plan) plan |> Expect.isTrue $"{plan}" ]
