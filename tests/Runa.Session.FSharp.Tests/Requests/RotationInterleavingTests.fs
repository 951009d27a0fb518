/// A rotation, and a theft, in every order with whatever else happens to the session.
module Runa.Session.Tests.RotationInterleavingTests

open System
open System.Collections.Generic
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests
open Runa.Session.Tests.Deeds
open Runa.Session.Tests.Scheduler
open Runa.Session.Tests.RotationWorlds

let private isOk (came: Came) = came.Failure.IsNone
let private living (told: Told) = told.Given |> List.map told.World.Find |> List.filter _.IsActive
let private isNoticed (told: Told) = told.Answers |> List.exists (fun came -> came.Saw = Some SessionStatus.Taken)

let private isEnded (told: Told) =
    isNoticed told
    || told.Answers
       |> List.exists (fun came ->
           isOk came
           && List.contains came.Deed [ Deed.SignOut; Deed.SignOutThenFlash; Deed.RevokeAll; Deed.RevokeOwner ])

/// What the user's browser is left with, by the answers in their order.
let private held (told: Told) : string option =
    (Some told.Start, told.Answers)
    ||> List.fold (fun held came ->
        match came.Token with
        | Some token -> Some token
        | None when came.IsExpired -> None
        | None -> held)

let private stays (told: Told) (holds: Session -> bool) =
    isEnded told
    || match held told with
       | Some token -> holds (told.World.Find token).Session
       | None -> false

let private staysDead (told: Told) =
    not (isEnded told) || living told |> List.forall (fun found -> not (Session.has mark found.Session))

let private losesNoUpdate (told: Told) =
    told.Answers |> List.exists (fun came -> came.Deed = Deed.SignInAsOther)
    || stays told (fun session ->
        let counted = told.Answers |> List.filter (fun came -> isOk came && came.IsCounted) |> List.length
        let isMerged = told.Answers |> List.exists (fun came -> isOk came && came.Deed = Deed.Merge)
        (view session).Count = counted && (view session).Note.IsSome = isMerged)

let private rotatesOnce (told: Told) =
    let tokens =
        told.Given
        |> List.map (fun text ->
            match told.World.Named.Token.Read(text.AsSpan()) with
            | TokenReading.Genuine token -> token
            | _ -> failwith "a token that was given out is not genuine")

    let of' (token: GenuineToken) = StoreKey.toText token.Key, token.Generation
    let first = StoreKey.toText tokens.Head.Key

    (tokens |> List.countBy of' |> List.forall (fun (_, count) -> count = 1))
    && tokens
       |> List.forall (fun token -> token.Generation <= if fst (of' token) = first then told.Generation + 1 else 0)

let private failsWithConflict (told: Told) =
    told.Answers
    |> List.forall (fun came ->
        match came.Failure with
        | None
        | Some(:? SessionConflictException) -> true
        | Some _ -> false)

let private canSignIn (told: Told) =
    match held told with
    | None -> true
    | Some token ->
        let isDone = ref false
        (perform told.World Deed.SignIn token (fun came -> isDone.Value <- isOk came && came.Token.IsSome)).Wait()
        isDone.Value

let private rules: (string * (Told -> bool)) list =
    [ "what ended stays ended", staysDead
      "no update is lost", losesNoUpdate
      "nobody is signed out", (fun told -> stays told (fun session -> (Session.owner session).IsSome))
      "one token for each generation, and at most one generation ahead", rotatesOnce
      "what fails, fails with a conflict", failsWithConflict
      "the browser can sign in afterwards", canSignIn ]

let private describe (told: Told) =
    [ for came in told.Answers ->
          $"{came.Deed} saw {came.Saw}: {came.Failure |> Option.map _.Message}, cookie {came.Token |> Option.map _.Length}" ]
    |> fun answers -> $"%A{answers}, trace %A{told.World.Scheduler.Trace}"

/// Every interleaving; answers how many there were, and in how many of them a copy was noticed.
let private judge inner (scene: Scene) (deeds: (Deed * bool) list) : int * int =
    let broken = Dictionary<string, string>()
    let noticed = ref 0

    let runs =
        explore (fun choose ->
            let told = tell inner scene deeds choose

            if isNoticed told then
                noticed.Value <- noticed.Value + 1

            for rule, holds in rules do
                if not (holds told) then
                    broken.TryAdd(rule, describe told) |> ignore)

    Expect.equal [ for KeyValue(rule, story) in broken -> $"{rule}: {story}" ] [] $"{scene}: %A{deeds}"
    runs, noticed.Value

let private older deed = deed, true
let private newer deed = deed, false

/// What a request with an older token does: the others of the list would do the same, or show no token.
let private withOlder =
    [ Deed.Read
      Deed.Increment
      Deed.Merge
      Deed.SignIn
      Deed.SignInAsOther
      Deed.Regenerate
      Deed.SignOut ]

[<Tests>]
let tests =
    testList
        "RotationInterleavings"
        [ testCase "promise 29: a rotation and two requests of one browser, or a revocation, in every order"
          <| fun () ->
              let mutable runs = 0

              for index, first in List.indexed deeds do
                  for second in List.skip index deeds do
                      runs <- runs + fst (judge ModelStore.create Scene.Due [ newer first; newer second ])

              Expect.isGreaterThan runs 1_000 "so many interleavings there are at least"

          testCase "promise 29: an answer that was lost, and a request with the token that it carried, in every order"
          <| fun () ->
              for late in withOlder do
                  for current in deeds do
                      let _, noticed = judge ModelStore.create Scene.Unanswered [ older late; newer current ]
                      Expect.equal noticed 0 $"no thief: {late}, {current}"

          testCase "promise 29: a thief and the user, whoever is first, in every order"
          <| fun () ->
              let mutable noticed = 0

              for thief in withOlder do
                  for user in deeds do
                      noticed <- noticed + snd (judge ModelStore.create Scene.Copied [ older thief; newer user ])

              Expect.isGreaterThan noticed 100 "so often the thief is noticed at least"

          testCase "promise 29: two tabs of the user and a thief in every order"
          <| fun () ->
              for user in [ Deed.Increment; Deed.Regenerate; Deed.SignOut; Deed.SignInAsOther ] do
                  let _, noticed = judge memory Scene.Copied [ older Deed.Read; newer user; newer Deed.Read ]
                  Expect.isGreaterThan noticed 0 $"{user}: the thief is noticed" ]
