/// Signing in and out by cookie authentication, while others end the session.
module Runa.Session.Tests.CookieTicketSignInTests

open System
open System.Security.Claims
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Options
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.CookieTickets

/// Signs in after the gate was passed.
let private waiting (signIn: HttpHandler) (reached: TaskCompletionSource) (gate: Task) : HttpHandler =
    perform (fun _ ->
        reached.TrySetResult() |> ignore
        gate)
    >=> signIn
    >=> text "in"

let private refused (answer: Answer) =
    Expect.equal answer.Status 500 "promise 14: not a 200"
    Expect.stringStarts answer.Body "error page: SessionConflictException" "which error"
    Expect.stringContains answer.Body "Sign in in the next request" "what to do"

let private signingIn =
    [ testCaseTask "promise 14: a sign-in whose user is signed out everywhere meanwhile is an error" (fun () ->
          task {
              for who, name, isRefused in [ ann, "nobody", true; bob, "bob", false ] do
                  let reached = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
                  let gate = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
                  // The ticket has been read when the user is known.
                  let late = route "/late" >=> waiting (signIn scheme who) reached gate.Task
                  use! app = start (tickets (host (choose [ late; site ])))
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let signing = browser.Get "/late"
                  do! reached.Task
                  let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
                  Expect.equal ended 1 "ended"
                  gate.SetResult()
                  let! answer = signing

                  if isRefused then
                      refused answer

                  let! me = browser.Get "/me"
                  Expect.equal me.Body name "another user, of whom nothing was revoked, is signed in"
          })

      testCaseTask "promise 27: a sign-in loses against a revocation between reading and writing" (fun () ->
          task {
              // Bob's session was there already when his were revoked: he was signed in, and signed out.
              for who, revoked, name, isRefused in
                  [ ann, "ann", "nobody", true; bob, "ann", "bob", false; bob, "bob", "nobody", false ] do
                  let host = host (choose [ route "/again" >=> signIn scheme who >=> text "in"; site ])
                  let gate = Gate(memory host.Clock, StoreOperation.Replace)
                  use! app = start (tickets { host with Setup = SessionSetup.driver "memory" gate.Driver })
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  // At the same time the same user's ticket would be the same, and nothing would be written.
                  app.Clock.Advance(TimeSpan.FromMinutes 1.)
                  let signing = browser.Get "/again"
                  do! gate.Reached
                  let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" revoked CancellationToken.None
                  gate.Open()
                  let! answer = signing

                  if isRefused then refused answer else Expect.equal answer.Status 200 "answered"

                  let! me = browser.Get "/me"
                  Expect.equal me.Body name $"{name}, after {revoked} was revoked"
          })

      testCaseTask
          "promise 9: a principal that is replaced and renewed late brings nobody back, and is no error"
          (fun () ->
              task {
                  let replacing (schemes: AuthenticationBuilder) =
                      withTickets schemes

                      schemes.Services.Configure<CookieAuthenticationOptions>(
                          scheme,
                          fun (options: CookieAuthenticationOptions) ->
                              options.Events.OnValidatePrincipal <-
                                  fun context ->
                                      context.ReplacePrincipal(principal (("fresh", "yes") :: ann))
                                      context.ShouldRenew <- true
                                      Task.CompletedTask
                      )
                      |> ignore

                  let host = host site
                  let gate = Gate(memory host.Clock, StoreOperation.Replace)

                  let host =
                      { (host |> withSchemes replacing ignore ignore) with
                          Setup = SessionSetup.session "tickets" id >> SessionSetup.driver "memory" gate.Driver }

                  use! app = start host
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let renewing = browser.Get "/me"
                  do! gate.Reached
                  let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
                  gate.Open()
                  let! late = renewing
                  Expect.equal (late.Status, late.Body) (200, "Ann Lee") "the request that was under way ends"
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "the next one is nobody's"
              })

      testCaseTask "promise 9: with two schemes both renewals of revoked tickets do nothing" (fun () ->
          task {
              let other = "Other"

              let both (schemes: AuthenticationBuilder) =
                  withTickets schemes

                  schemes
                      .AddCookie(
                          other,
                          fun options ->
                              options.ExpireTimeSpan <- TimeSpan.FromHours 1.
                              options.SlidingExpiration <- true
                      )
                      .AddRunaTicketStore(other, "tickets")
                  |> ignore

                  schemes.Services.Configure<AuthenticationOptions>(fun (options: AuthenticationOptions) ->
                      options.DefaultScheme <- scheme)
                  |> ignore

              let reached = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
              let gate = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously

              let revoking =
                  perform (fun context -> context.AuthenticateAsync other)
                  >=> perform (fun _ ->
                      reached.SetResult()
                      gate.Task)
                  >=> text "under way"

              let handler =
                  choose
                      [ route "/both" >=> signIn scheme ann >=> signIn other ann >=> text "in"
                        route "/slow" >=> revoking
                        site ]

              let host =
                  { (host handler |> withSchemes both ignore ignore) with Setup = SessionSetup.session "tickets" id }

              use! app = start host
              let browser = app.NewBrowser()
              let! _ = browser.Get "/both"
              app.Clock.Advance(TimeSpan.FromMinutes 40.)
              let slow = browser.Get "/slow"
              do! reached.Task
              let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              Expect.equal ended 2 "both"
              gate.SetResult()
              let! answer = slow
              Expect.equal (answer.Status, answer.Body) (200, "under way") "not an error"
              Expect.isEmpty answer.SetCookies "no cookie for what has ended"
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "dead"
          }) ]

[<Tests>]
let tests = testList "CookieTickets" signingIn
