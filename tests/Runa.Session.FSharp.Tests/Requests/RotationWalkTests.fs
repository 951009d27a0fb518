/// Walks through what a user's browser and a thief can do with a rotating token, over two nodes whose clocks differ.
module Runa.Session.Tests.RotationWalkTests

open System
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Visits

[<RequireQualifiedAccess>]
type private Act =
    | Pass of minutes: float
    /// The user's browser asks a node and gets the answer, unless it is lost.
    | Ask of node: int * isLost: bool
    /// A request that another tab sent a minute ago, before it knew of answers since.
    | AskLate of node: int
    | Steal
    | Thief of node: int

/// Two nodes over one store; the second one's clock is 5 minutes ahead.
type private Nodes() =
    let first, second = Setups.clock (), Setups.clock ()
    do second.Advance SessionDriver.clockTolerance
    let driver = Setups.memory first
    let settings (o: SessionSettings) = { o with Rotate = Some(TimeSpan.FromMinutes 15.); Ttl = TimeSpan.FromDays 2. }
    let shop (clock: FakeTimeProvider) = Shop(clock, driver, SessionSetup.session "web" settings)
    let shops = [| shop first; shop second |]
    member _.Of(node: int) : Shop = shops[node]

    member _.Pass(minutes: float) =
        for shop in shops do
            shop.Pass minutes

/// Who holds which token. `Earlier`: what the user's browser held, newest first, and since which minute.
type private Holding = { Minute: float; Earlier: (float * string) list; Thief: string option }

let private held (holding: Holding) = snd holding.Earlier.Head

let private keep (said: Said) (holding: Holding) =
    match said.Token with
    | Some token -> { holding with Earlier = (holding.Minute, token) :: holding.Earlier }
    | None -> holding

/// What the browser held a minute ago.
let private before (holding: Holding) =
    holding.Earlier |> List.find (fun (since, _) -> since <= max 0. (holding.Minute - 1.)) |> snd

let private act (nodes: Nodes) (walk: Act list) (holding: Holding) (act: Act) : Holding =
    let mustServe (said: Said) =
        if holding.Thief.IsNone then
            said.Status |> Expect.equal $"the user, in {walk}" SessionStatus.Active

    match act with
    | Act.Pass minutes ->
        nodes.Pass minutes
        { holding with Minute = holding.Minute + minutes }
    | Act.Ask(node, isLost) ->
        let said = read (nodes.Of node) (held holding)
        mustServe said
        if isLost then holding else keep said holding
    | Act.AskLate node ->
        let said = read (nodes.Of node) (before holding)
        mustServe said
        // The browser takes the cookie of whichever answer comes last.
        keep said holding
    | Act.Steal -> { holding with Thief = Some(held holding) }
    | Act.Thief node ->
        match holding.Thief with
        | None -> holding
        | Some token -> { holding with Thief = Some(defaultArg (read (nodes.Of node) token).Token token) }

/// Each walk has a session of its own.
let private walk (nodes: Nodes) (acts: Act list) : Holding =
    let start = { Minute = 0.; Earlier = [ 0., signIn (nodes.Of 0) "ann" ]; Thief = None }
    acts |> List.fold (act nodes acts) start

let private users =
    [ Act.Pass 0.5
      Act.Pass 6.5
      Act.Pass 15.
      Act.Ask(0, false)
      Act.Ask(1, false)
      Act.Ask(0, true)
      Act.AskLate 1 ]

let private random (seed: int) (acts: Act list) (length: int) =
    let random = Random seed
    [ for _ in 1..length -> acts[random.Next acts.Length] ]

/// Every sequence of so many acts.
let rec private every (acts: Act list) (length: int) : Act list seq =
    seq {
        if length = 0 then
            []
        else
            for first in acts do
                for rest in every acts (length - 1) do
                    first :: rest
    }

[<Tests>]
let tests =
    testList
        "RotationWalk"
        [ testCase "promise 29: without a thief nobody is signed out, in every walk of 4 steps after a rotation"
          <| fun () ->
              let nodes = Nodes()

              for acts in every users 4 do
                  walk nodes (Act.Pass 15. :: Act.Ask(0, false) :: acts) |> ignore

          testCase "promise 29: without a thief nobody is signed out, in long walks"
          <| fun () ->
              let nodes = Nodes()

              for seed in 1..400 do
                  walk nodes (random seed users 40) |> ignore

          testCase "promise 29: a thief is noticed, whoever is first, once the user goes on for an hour"
          <| fun () ->
              let nodes = Nodes()

              for seed in 1..400 do
                  let before = random seed users 6
                  let mixed = random (seed + 1_000) (Act.Thief 0 :: Act.Thief 1 :: users) 12

                  // The user browses, and the thief goes on, too.
                  let hour =
                      [ for n in 1..6 do
                            Act.Pass 15.
                            if n % 2 = 0 then
                                Act.Thief 0
                            Act.Ask(0, false)
                            Act.Ask(1, false)
                            Act.Pass 7.
                            Act.Thief 1 ]

                  let acts = before @ [ Act.Steal ] @ mixed @ hour
                  let holding = walk nodes acts
                  let status token = (read (nodes.Of 0) token).Status
                  status (held holding) |> Expect.equal $"the user, after {acts}" SessionStatus.Taken
                  status holding.Thief.Value |> Expect.equal $"the thief, after {acts}" SessionStatus.Taken

          testCase
              "promise 29: a thief is not noticed who asks just when the rotation is due, and then waits for a user who never pauses"
          <| fun () ->
              let nodes = Nodes()

              // The user's page asks every minute.
              let period =
                  [ Act.Thief 0
                    for _ in 1..14 do
                        Act.Pass 1.
                        Act.Ask(0, false)
                    Act.Pass 1. ]

              let holding = Act.Steal :: Act.Pass 15. :: (List.replicate 10 period |> List.concat) |> walk nodes

              (read (nodes.Of 0) holding.Thief.Value).Status |> Expect.equal "the thief" SessionStatus.Active
              (read (nodes.Of 0) (held holding)).Status |> Expect.equal "the user" SessionStatus.Active

          testCase
              "promise 29: a thief who is alone is not noticed, and the user finds the session taken when coming back"
          <| fun () ->
              let nodes = Nodes()

              let holding =
                  walk
                      nodes
                      [ Act.Steal
                        Act.Pass 15.
                        Act.Thief 0
                        Act.Thief 0
                        Act.Pass 120.
                        Act.Thief 1
                        Act.Thief 0
                        Act.Pass 12. ]

              (read (nodes.Of 0) holding.Thief.Value).Status |> Expect.equal "the thief" SessionStatus.Active
              (read (nodes.Of 0) (held holding)).Status |> Expect.equal "the user" SessionStatus.Taken
              (read (nodes.Of 0) holding.Thief.Value).Status |> Expect.equal "both" SessionStatus.Taken ]
