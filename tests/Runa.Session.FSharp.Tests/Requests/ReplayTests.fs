module Runa.Session.Tests.ReplayTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open FsCheck.FSharp
open Runa.Session

let private count = SessionKey.create<int> "count"
let private other = SessionKey.create<int> "other"
let private was = Session.empty "web"

let private again (key: SessionKey<int>) (change: int -> int) (session: Session) : Session =
    let struct (_, session) = Session.updateAgain key 0 change session
    session

/// As loaded with what this session holds.
let private loaded (session: Session) : Session =
    let origin =
        { new SessionOrigin() with
            member _.Name = "web"
            member _.Status = SessionStatus.Active
            member _.Now = session.State.CreatedAt
            member _.Ttl = TimeSpan.FromHours 2.
            member _.MaxTtl = TimeSpan.FromHours 2.
            member _.Json = null
            member _.State = session.State
            member _.Undecodable _ = () }

    Session(origin, session.State, SessionChange.None)

let private merged (theirs: Session) (wanted: Session) : Session =
    match Merge.onto theirs was wanted with
    | Ok session -> session
    | Error why -> failtest why

let private value key session = Session.tryGet key session

/// One thing that a request does to "count".
type private Deed =
    | Add of int
    | Double
    | Write of int
    | Remove
    | Clear

let private apply session deed =
    match deed with
    | Add n -> again count ((+) n) session
    | Double -> again count ((*) 2) session
    | Write n -> Session.set count n session
    | Remove -> Session.remove count session
    | Clear -> Session.clear session

/// What they make of a key under which nothing was, and `stored` stands by the time they are merged.
let private expected (stored: int) (deeds: Deed list) : int option =
    /// The value here; what is to run again; whether it wins in any case.
    let step (value: int option, again: (int -> int) list, isCleared: bool) deed =
        let update change =
            let isOwn = isCleared || (again.IsEmpty && value.IsSome)
            Some(change (defaultArg value 0)), (if isOwn then again else again @ [ change ]), isCleared

        match deed with
        | Add n -> update ((+) n)
        | Double -> update ((*) 2)
        | Write n -> Some n, [], isCleared
        | Remove -> None, [], isCleared
        | Clear -> None, [], true

    match deeds |> List.fold step (None, [], false) with
    | value, _, true -> value
    | None, [], _ -> Some stored
    | value, [], _ -> value
    | _, again, _ -> Some(again |> List.fold (fun number change -> change number) stored)

let private deeds: Gen<Deed list> =
    Gen.oneof
        [ Gen.map Add (Gen.choose (-3, 3))
          Gen.constant Double
          Gen.map Write (Gen.choose (0, 3))
          Gen.constant Remove
          Gen.constant Clear ]
    |> Gen.listOf

[<Tests>]
let tests =
    testList
        "Replay"
        [ testCase "promise 12: an update is computed again from what another request stored"
          <| fun () ->
              let theirs = Session.set count 10 was
              merged theirs (again count ((+) 1) was) |> value count |> Expect.equal "11" (Some 11)

          testCase "promise 12: several updates run again in their order, each once"
          <| fun () ->
              let wanted = was |> again count ((+) 1) |> again count ((*) 3) |> again other ((+) 5)
              let theirs = was |> Session.set count 10 |> Session.set other 1
              let result = merged theirs wanted
              value count result |> Expect.equal "(10 + 1) * 3" (Some 33)
              value other result |> Expect.equal "1 + 5" (Some 6)

          testCase "an update starts from the seed where another request removed the value"
          <| fun () ->
              let was = loaded (Session.set count 7 was)

              match Merge.onto (Session.remove count was) was (again count ((+) 1) was) with
              | Ok result -> value count result |> Expect.equal "0 + 1" (Some 1)
              | Error why -> failtest why

          testCase "a value set after an update wins over what others stored"
          <| fun () ->
              let theirs = Session.set count 10 was

              merged theirs (was |> again count ((+) 1) |> Session.set count 5)
              |> value count
              |> Expect.equal "set last" (Some 5)

              merged theirs (was |> again count ((+) 1) |> Session.remove count)
              |> value count
              |> Expect.equal "never there, never removed: theirs" (Some 10)

          testCase "a value set to what it is already forgets the updates before it"
          <| fun () ->
              let wanted = was |> again count ((+) 1) |> Session.set count 1
              merged (Session.set count 10 was) wanted |> value count |> Expect.equal "whole" (Some 1)

          testCase "the function runs once where nobody else wrote"
          <| fun () ->
              let mutable runs = 0

              let wanted =
                  was
                  |> again count (fun n ->
                      runs <- runs + 1
                      n + 1)

              value count wanted |> Expect.equal "computed" (Some 1)
              runs |> Expect.equal "once" 1

          testCase "promise 9: if the session ends, no update runs again"
          <| fun () ->
              let mutable runs = 0

              let wanted =
                  was
                  |> again count (fun n ->
                      runs <- runs + 1
                      n + 1)
                  |> Session.destroy

              (merged (Session.set count 10 was) wanted).Change.Destroyed |> Expect.isTrue "destroyed"
              runs |> Expect.equal "when it was called" 1

          testCase "an update of what this request set wins whole, as what it set does"
          <| fun () ->
              merged (Session.set count 10 was) (was |> Session.set count 5 |> again count ((+) 1))
              |> value count
              |> Expect.equal "5 + 1" (Some 6)

          testCase "promise 12: whatever a request does to a key, updates run again and the rest wins whole"
          <| fun () ->
              Check.One(
                  Config.QuickThrowOnFailure.WithMaxTest(2_000).WithQuietOnSuccess true,
                  Prop.forAll (Arb.fromGen (Gen.zip deeds (Gen.choose (5, 9)))) (fun (deeds, stored) ->
                      let wanted = deeds |> List.fold apply was
                      (merged (Session.set count stored was) wanted |> value count) = expected stored deeds)
              ) ]
