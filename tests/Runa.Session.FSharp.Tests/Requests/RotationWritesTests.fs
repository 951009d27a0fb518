/// The table of docs/understand/commit.md: what a request writes by the generation of its token.
module Runa.Session.Tests.RotationWritesTests

open System
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests
open Runa.Session.Tests.Visits

/// A shop whose driver notes every write.
let private watched (change: SessionSettings -> SessionSettings) =
    let writes = ResizeArray<string>()

    let driver clock =
        let inner = memory clock

        { inner with
            Create =
                fun key record token ->
                    writes.Add "create"
                    inner.Create key record token
            Replace =
                fun key version record token ->
                    writes.Add(if SessionRecord.isTombstone record then "tombstone" else "replace")
                    inner.Replace key version record token
            Delete =
                fun key token ->
                    writes.Add "delete"
                    inner.Delete key token }

    Shop(change, driver), writes

/// What a request with this token writes, and the token in its cookie.
let private reading (shop: Shop) (writes: ResizeArray<string>) (token: string) =
    writes.Clear()
    let said = read shop token
    List.ofSeq writes, said.Token

let private nothing: string list * string option = [], None

[<Tests>]
let tests =
    testList
        "what a rotation writes"
        [ testCase "promise 29: the current token, due and not, and the one before"
          <| fun () ->
              let shop, writes = watched id
              let reads = reading shop writes
              let first = signIn shop "ann"
              reads first |> Expect.equal "current, not due" nothing
              shop.Pass 15.
              let written, second = reads first
              written |> Expect.equal "due" [ "replace" ]
              let second = second.Value
              reads first |> Expect.equal "the one before, unanswered" ([], Some second)
              reads second |> Expect.equal "for the first time" ([ "replace" ], None)
              reads second |> Expect.equal "again" nothing
              reads first |> Expect.equal "the one before, early enough" nothing

          testCase "promise 29: one that the store does not know yet"
          <| fun () ->
              let shop, writes = watched id
              let first = signIn shop "ann"
              let place = (wait (load shop.Definition first)).Place
              let ahead = (shop.Definition.Token.Rotate(place.Token, 5)).Text
              reading shop writes ahead |> Expect.equal "taken over" ([ "replace" ], None)
              reading shop writes ahead |> Expect.equal "once" nothing
              reading shop writes first |> Expect.equal "an older one, early enough" nothing

          testCase "promise 29: a copy"
          <| fun () ->
              for policy, expected in [ OnTheft.Revoke, [ "tombstone" ]; OnTheft.Ignore, [] ] do
                  let shop, writes = watched (fun o -> { o with OnTheft = policy })
                  let first = signIn shop "ann"
                  shop.Pass 15.
                  let second = (read shop first).Token.Value
                  read shop second |> ignore
                  shop.Pass 6.
                  reading shop writes first |> Expect.equal $"{policy}" (expected, None)
                  reading shop writes first |> Expect.equal $"{policy}, again" nothing

          testCase "promise 29: a request that changes the session, too, writes once more"
          <| fun () ->
              let shop, writes = watched id
              let first = signIn shop "ann"
              shop.Pass 15.
              writes.Clear()
              let second = (change shop first increment).Token.Value
              List.ofSeq writes |> Expect.equal "the rotation, and the change" [ "replace"; "replace" ]
              writes.Clear()
              let signedOut = change shop second Session.destroy
              signedOut.Token |> Expect.isNone "none is sent after a sign-out"
              List.ofSeq writes |> List.last |> Expect.equal "the end" "delete"

          testCase "promise 29: a commit that finds the session moved or ended sends no cookie of its rotation"
          <| fun () ->
              for ending in [ Session.regenerate; Session.destroy ] do
                  let shop, _ = watched id
                  let first = signIn shop "ann"
                  shop.Pass 15.
                  let scope = shop.Scope(shop.Visit first)
                  scope.Load(Threading.CancellationToken.None).AsTask() |> wait |> ignore
                  let second = (tokenNow scope).Value
                  change shop second ending |> ignore
                  let step session = struct (increment session, ())

                  Expect.throwsT<SessionConflictException> "it is told" (fun () ->
                      scope.Step(WhenGone.StepAgainUnlessOwned, step, Threading.CancellationToken.None).AsTask()
                      |> wait
                      |> ignore)

                  tokenNow scope |> Expect.isNone "the browser keeps what the other response sent" ]
