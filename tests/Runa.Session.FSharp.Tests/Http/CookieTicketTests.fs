/// Cookie authentication over real requests, with its tickets in a session.
module Runa.Session.Tests.CookieTicketTests

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

let private scheme = CookieAuthenticationDefaults.AuthenticationScheme
let private cookie = ".AspNetCore.Cookies"

let private bob = [ identifier, "bob"; ClaimTypes.Name, "bob" ]

let private site: HttpHandler =
    choose
        [ route "/in" >=> signIn scheme ann >=> text "in"
          route "/bob" >=> signIn scheme bob >=> text "in"
          route "/out" >=> signOut scheme >=> text "out"
          route "/me" >=> user
          route "/web" >=> readSession "web" (Session.toJson >> text) ]

let private withTickets (schemes: AuthenticationBuilder) =
    schemes
        .AddCookie(fun options ->
            options.ExpireTimeSpan <- TimeSpan.FromHours 1.
            options.SlidingExpiration <- true)
        .AddRunaTicketStore("tickets")
    |> ignore

let private tickets (host: Host) : Host =
    { (host |> withSchemes withTickets ignore ignore) with
        Setup = SessionSetup.session "tickets" id >> host.Setup }

let private started () = start (tickets (host site))

/// What cookie authentication keeps in its cookie.
let private keyIn (app: App) (browser: Browser) : string =
    let options = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get scheme

    match options.TicketDataFormat.Unprotect browser.Cookies[cookie] with
    | null -> failtest "the cookie cannot be read"
    | ticket -> [ for claim in ticket.Principal.Claims -> claim.Value ] |> List.exactlyOne

let private requests =
    [ onBoth "login, page and logout; the cookie holds a key and no claim" (fun server ->
          task {
              use! app = start { tickets (host site) with Server = server }
              let browser = app.NewBrowser()
              let! answer = browser.Get "/in"
              Expect.equal answer.SetCookies.Length 1 "one cookie, none of the session's"
              let! me = browser.Get "/me"
              Expect.equal me.Body "Ann Lee" "who it is"
              Expect.equal (keyIn app browser).Length 68 "a token"
              let copy = browser.Copy()
              let! _ = browser.Get "/out"
              let! me = copy.Get "/me"
              Expect.equal me.Body "nobody" "promise 9: a copy of the cookie is worthless"
          })

      testCaseTask "promise 27: revokeOwner signs out at once, whatever the cookie says" (fun () ->
          task {
              use! app = started ()
              let first, second, bob = app.NewBrowser(), app.NewBrowser(), app.NewBrowser()
              let! _ = first.Get "/in"
              let! _ = second.Get "/in"
              let! _ = bob.Get "/bob"
              let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              Expect.equal ended 2 "both"

              for browser, expected in [ first, "nobody"; second, "nobody"; bob, "bob" ] do
                  let! me = browser.Get "/me"
                  Expect.equal me.Body expected "who is signed in"

              let! _ = first.Get "/in"
              let! me = first.Get "/me"
              Expect.equal me.Body "Ann Lee" "and may sign in again"
          })

      testCaseTask "sliding expiration renews the ticket under the same key" (fun () ->
          task {
              use! app = started ()
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let key = keyIn app browser

              for _ in 1..6 do
                  app.Clock.Advance(TimeSpan.FromMinutes 40.)
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "Ann Lee" "signed in"
                  Expect.equal me.SetCookies.Length 1 "renewed"
                  Expect.equal (keyIn app browser) key "the same key"

              app.Clock.Advance(TimeSpan.FromHours 1. + TimeSpan.FromSeconds 1.)
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "and not for ever"
          })

      testCaseTask "promise 9: a renewal after revokeOwner brings nobody back" (fun () ->
          task {
              let host = host site
              let gate = Gate(memory host.Clock, StoreOperation.Replace)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" gate.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              app.Clock.Advance(TimeSpan.FromMinutes 40.)
              let renewing = browser.Get "/me"
              do! gate.Reached
              let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              Expect.equal ended 1 "ended"
              gate.Open()
              let! late = renewing
              Expect.equal late.Status 200 "the request that was under way ends"
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "the next one is nobody's"
          })

      testCaseTask "promise 27: a user who signs in over another's ticket becomes its owner" (fun () ->
          task {
              use! app = started ()
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! _ = browser.Get "/bob"
              let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              let! me = browser.Get "/me"
              Expect.equal me.Body "bob" "not ann's any more"
              let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" "bob" CancellationToken.None
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "bob's"
          })

      testCaseTask "promise 14: a store that is down is an error, and its return finds all signed in" (fun () ->
          task {
              let host = host site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" driver.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              driver.Behave <- fun _ -> Behaviour.FailBefore
              let! answer = browser.Get "/me"
              Expect.equal answer.Status 500 "an error"
              Expect.stringStarts answer.Body "error page: SessionStoreException" "which one"
              driver.Behave <- fun _ -> Behaviour.Pass
              let! back = browser.Get "/me"
              Expect.equal back.Body "Ann Lee" "signed in"
          })

      testCaseTask "promise 6: a cookie that is tampered with asks no store" (fun () ->
          task {
              let host = host site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" driver.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let key = keyIn app browser
              let value = browser.Cookies[cookie]
              driver.Forget()

              for forged in [ value.Substring 1; value + "A"; key ] do
                  browser.SetCookie(cookie, forged)
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "ignored"

              Expect.equal driver.Calls [] "no call"
              browser.SetCookie("__Host-runa_session", key)
              let! web = browser.Get "/web"
              Expect.equal web.Body "{}" "promise 2: the key is no cookie of another session"
          }) ]

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
let tests = testList "CookieTickets" (requests @ signingIn)
