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
    [ onBoth "promise 14: a sign-in after the sign-out of the same request is an error, whoever it is" (fun server ->
          task {
              for who in [ ann; bob ] do
                  let swap = signOut scheme >=> signIn scheme who >=> text "in"
                  let handler = choose [ route "/swap" >=> swap; site ]
                  use! app = start { tickets (host handler) with Server = server }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! swapped = browser.Get "/swap"
                  refused swapped
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "promise 9: signed out"
                  let! _ = browser.Get "/bob"
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "bob" "the next request signs in"
          })

      testCaseTask "promise 14: signing in, out and in again in one request is an error" (fun () ->
          task {
              let all = signIn scheme ann >=> signOut scheme >=> signIn scheme ann >=> text "in"
              use! app = start (tickets (host (choose [ route "/all" >=> all; site ])))
              let browser = app.NewBrowser()
              let! answer = browser.Get "/all"
              refused answer
          })

      testCaseTask "promise 14: a sign-in whose ticket is revoked meanwhile is an error" (fun () ->
          task {
              for who in [ ann; bob ] do
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
                  refused answer
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "nobody is signed in"
          })

      testCaseTask "promise 14: a sign-in whose ticket is revoked between reading and writing is an error" (fun () ->
          task {
              for who, revoked in [ ann, "ann"; bob, "ann"; bob, "bob" ] do
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
                  refused answer
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "nobody is signed in"
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
              Expect.equal answer.SetCookies.Length 2 "both slid"
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "dead"
          }) ]

[<Tests>]
let tests = testList "CookieTickets" signingIn
