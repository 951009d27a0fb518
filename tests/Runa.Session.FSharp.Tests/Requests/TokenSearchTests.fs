/// Promise 6: several cookies of the session's name in one request.
module Runa.Session.Tests.CandidateTests

open System
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Primitives
open Runa.Session
open Runa.Session.Tests.Damage
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private counting () =
    let clock = clock ()
    let driver = TestDriver.Counting(memory clock)
    clock, driver, web clock driver.Driver

let private headerOf (session: SessionDefinition) (tokens: string list) =
    StringValues(String.Join("; ", [ for token in tokens -> $"{session.Settings.CookieName}={token}" ]))

let private loadAll session tokens = (Engine.load session (headerOf session tokens)).AsTask() |> wait

let private stepAll session tokens change =
    let loaded = loadAll session tokens
    wait ((Engine.run session null loaded null WhenGone.StepAgainUnlessOwned (fun s -> struct (change s, ()))).AsTask())

let private ended session =
    let token = start session increment
    wait (step session token Session.destroy) |> ignore
    token

let private forged (token: string) = token.Substring(0, 67) + (if token[67] = 'A' then "B" else "A")
let private five = Session.set count 5

[<Tests>]
let tests =
    testList
        "Candidates"
        [ testCase "a cookie whose session is gone does not hide one whose session lives"
          <| fun () ->
              let clock, _, session = counting ()
              let gone = ended session
              let expired = start session increment
              clock.Advance(TimeSpan.FromHours 2.)
              let live = start session five

              for before in [ [ gone ]; [ expired ]; [ gone; expired; forged live ] ] do
                  Session.getOr count 0 (loadAll session (before @ [ live ])).Session |> Expect.equal "found" 5

              let moved = start session increment
              let next = tokenOf (wait (step session moved (Session.signIn "alice")))
              Session.owner (loadAll session [ moved; next ]).Session
              |> Expect.equal "behind a tombstone" (Some "alice")

          testCase "a visitor with a dead cookie signs in, and is signed in afterwards"
          <| fun () ->
              let _, _, session = counting ()
              let gone = ended session
              let next = tokenOf (stepAll session [ gone ] (Session.signIn "alice"))
              Session.owner (loadAll session [ gone; next ]).Session |> Expect.equal "signed in" (Some "alice")

          testCase "a cookie whose record cannot be read, or is no session's, does not hide one whose session lives"
          <| fun () ->
              let clock = clock ()
              let store = DamagedStore(memory clock)
              let session = web clock store.Driver
              let damaged = start session increment
              store.Damage (wait (load session damaged)).Place.Key
              let live = start session five
              Session.getOr count 0 (loadAll session [ damaged; live ]).Session |> Expect.equal "found" 5

          testCase "the usual request, with one cookie, asks the store once; so does one whose first session lives"
          <| fun () ->
              let _, driver, session = counting ()
              let gone, live = ended session, start session five

              for tokens in [ [ live ]; [ live; gone ]; [ gone ]; [ forged live; live ]; [ gone; gone; gone ] ] do
                  driver.Forget()
                  loadAll session tokens |> ignore
                  driver.Count StoreOperation.Load |> Expect.equal $"{tokens.Length} cookies" 1

          testCase "promise 6: at most four are tried, and forged ones cost no call"
          <| fun () ->
              let _, driver, session = counting ()
              let live = start session five
              let gone = [ for _ in 1..4 -> ended session ]
              driver.Forget()
              (loadAll session (gone @ [ live ])).Status
              |> Expect.equal "a fifth is not read" SessionStatus.Expired
              driver.Count StoreOperation.Load |> Expect.equal "four" 4
              driver.Forget()
              (loadAll session (List.replicate 3 (forged live) @ [ live ])).Status
              |> Expect.equal "the fourth" SessionStatus.Active
              driver.Count StoreOperation.Load |> Expect.equal "one" 1

          testCase "promise 9: where none is active a logout follows the one that moved"
          <| fun () ->
              let _, _, session = counting ()
              let gone = ended session
              let moved = start session (Session.signIn "alice")
              let next = tokenOf (wait (step session moved Session.regenerate))
              stepAll session [ gone; moved ] Session.signOut |> ignore
              Session.status (find session next) |> Expect.equal "dead" SessionStatus.Expired

          testCase "promise 4: where none is active nothing is saved beside one that has just moved"
          <| fun () ->
              let _, _, session = counting ()
              let gone = ended session
              let moved = start session increment
              wait (step session moved Session.regenerate) |> ignore
              raised<SessionConflictException, _>(fun () -> task { return stepAll session [ gone; moved ] increment })
              |> ignore

          testCase "a header in several lines is one header"
          <| fun () ->
              let _, _, session = counting ()
              let gone, live = ended session, start session five
              let lines = [| string (headerOf session [ gone ]); string (headerOf session [ live ]) |]
              let loaded = (Engine.load session (StringValues lines)).AsTask() |> wait
              Session.getOr count 0 loaded.Session |> Expect.equal "found" 5 ]
