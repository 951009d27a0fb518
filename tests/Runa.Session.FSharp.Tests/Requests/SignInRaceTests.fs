/// Promise 27: a sign-in that began before all sessions of its owner were ended loses, however long it takes.
module Runa.Session.Tests.SignInRaceTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.AspNetCore.Http
open Expecto
open Expecto.Flip
open Runa.Session
open Runa.Session.Tests.Aged
open Runa.Session.TestSupport
open Runa.Session.Tests.Requests

let private none = CancellationToken.None

let private open' () =
    let clock = clock ()
    let driver = TestDriver.Counting(aged (memory clock))
    driver, web clock driver.Driver

let private revoke session = OwnerSessions.revokeOwner session "alice" none |> wait |> ignore
let private alices session = (OwnerListing.list session "alice" none |> wait).Length
let private refused work = raised<SessionConflictException, _>(work)

[<Tests>]
let tests =
    testList
        "Sign-ins and revocations"
        [ testCase "promise 27: a run-once sign-in that loaded its session before a revocation began and ended loses"
          <| fun () ->
              let _, session = open' ()
              let token = start session increment
              let loaded = wait (load session token)
              revoke session
              let e = refused (fun () -> commit session loaded (Session.signIn "alice" loaded.Session))
              e.Message |> Expect.stringContains "why" "after this request had looked at it"
              alices session |> Expect.equal "nobody is signed in" 0
              Session.getOr count 0 (find session token) |> Expect.equal "the visitor's session stays" 1

          testCase "promise 27: a sign-in of a visitor without a cookie that began before a revocation loses"
          <| fun () ->
              let _, session = open' ()
              let loaded = wait (load session "")
              revoke session
              refused (fun () -> commit session loaded (Session.signIn "alice" loaded.Session)) |> ignore
              alices session |> Expect.equal "nobody is signed in" 0

          testCase "promise 27: a pure sign-in during whose step a revocation begins and ends loses"
          <| fun () ->
              let _, session = open' ()

              for token in [ ""; start session increment; start session (Session.signIn "bob") ] do
                  let signIn given =
                      revoke session
                      Session.signIn "alice" given

                  refused (fun () -> step session token signIn) |> ignore
                  refused (fun () -> step session token (Session.signOut >> signIn)) |> ignore

              alices session |> Expect.equal "nobody is signed in" 0

          testCase "promise 27: a sign-in that is merged after a conflict counts from its own load"
          <| fun () ->
              let _, session = open' ()
              let token = start session increment
              let loaded = wait (load session token)
              revoke session
              wait (step session token increment) |> ignore
              refused (fun () -> commit session loaded (Session.signIn "alice" loaded.Session)) |> ignore
              Session.getOr count 0 (find session token) |> Expect.equal "the other's change stays" 2

          testCase "promise 27: log out everywhere, then sign in again at once: it succeeds, every time"
          <| fun () ->
              let _, session = open' ()
              let mutable token = start session (Session.signIn "alice")

              for _ in 1..500 do
                  revoke session
                  token <- tokenOf (wait (step session token (Session.signIn "alice")))

              alices session |> Expect.equal "one" 1

          testCase "promise 27: signing in first, and then ending all others, works in one request"
          <| fun () ->
              let _, session = open' ()
              let other = start session (Session.signIn "alice")
              let stepped = wait (step session (start session increment) (Session.signIn "alice"))
              OwnerSessions.revokeOthers session "alice" stepped.Snapshot.Place.Key none
              |> wait
              |> Expect.equal "ended" 1
              Session.status (find session other) |> Expect.equal "the other" SessionStatus.Expired
              Session.owner (find session (tokenOf stepped)) |> Expect.equal "this one" (Some "alice")

          testCase "promise 27: a revocation refuses nobody else's sign-in, and no regenerate"
          <| fun () ->
              let _, session = open' ()
              let bob = start session (Session.signIn "bob")
              let visitor = wait (load session "")
              let loaded = wait (load session bob)
              revoke session
              wait (commit session visitor (Session.signIn "carol" visitor.Session)) |> ignore
              wait (commit session loaded (Session.regenerate loaded.Session)) |> ignore
              (OwnerListing.list session "bob" none |> wait).Length |> Expect.equal "bob" 1

          testCase "promise 27: requests that sign nobody in ask for no epoch, and a sign-in asks for it twice"
          <| fun () ->
              let driver, session = open' ()
              let token = start session increment
              driver.Forget()
              wait (step session token id) |> ignore
              wait (step session token increment) |> ignore
              driver.Count StoreOperation.Epoch |> Expect.equal "none" 0
              wait (step session token (Session.signIn "alice")) |> ignore
              driver.Count StoreOperation.Epoch |> Expect.equal "before and after" 2

          testCase "promise 27: a ticket's sign-in counts from when its request first looked at a ticket"
          <| fun () ->
              let clock = clock ()
              let registry =
                  SessionRegistry.create (setup clock (aged (memory clock)) |> SessionSetup.session "tickets" id)
              let session = Engine.definition registry "tickets"
              let tickets = SessionTicketStore(registry, "tickets") :> ITicketStore

              let ticketOf name =
                  let claims = [ Security.Claims.Claim(Security.Claims.ClaimTypes.NameIdentifier, name) ]
                  let identity = Security.Claims.ClaimsIdentity(claims, "Cookies")
                  Microsoft.AspNetCore.Authentication.AuthenticationTicket(
                      Security.Claims.ClaimsPrincipal identity,
                      "Cookies"
                  )

              let context = DefaultHttpContext()
              let bob = wait (tickets.StoreAsync(ticketOf "bob"))
              wait (tickets.RetrieveAsync(bob, context, none)) |> isNull |> Expect.isFalse "bob is signed in"
              revoke session
              refused (fun () -> tickets.StoreAsync(ticketOf "alice", context, none)) |> ignore

              let since = System.Diagnostics.Stopwatch.GetTimestamp()
              revoke session
              let over = Hosting.SessionTickets(registry, "tickets")
              refused (fun () -> over.SignIn(bob, Some "alice", id, since)) |> ignore
              wait (tickets.RetrieveAsync bob) |> isNull |> Expect.isFalse "bob is still signed in"
              alices session |> Expect.equal "nobody is signed in" 0
              // In the next request.
              wait (tickets.StoreAsync(ticketOf "alice", DefaultHttpContext(), none)) |> ignore
              alices session |> Expect.equal "signed in" 1 ]
