/// How long a sign-in lasts, and what it does beside other changes and other schemes.
module Runa.Session.Tests.SessionSignInTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let private until (at: DateTimeOffset) = AuthenticationProperties(ExpiresUtc = Nullable at)

let private lifetime =
    let site =
        choose
            [ route "/in"
              >=> (fun next context ->
                  let clock = context.RequestServices.GetRequiredService<TimeProvider>()
                  let hours = float (string context.Request.Query["hours"])
                  let properties = until (clock.GetUtcNow().AddHours hours)
                  signInWith "web" ann properties next context)
              >=> text "in"
              route "/plain" >=> signIn "web" ann >=> text "in"
              route "/me" >=> user
              route "/ticket"
              >=> respond (fun context ->
                  task {
                      let! result = context.AuthenticateAsync "web"

                      let text =
                          match result.Properties with
                          | null -> "none"
                          | known -> $"{known.IssuedUtc:u} {known.ExpiresUtc:u}"

                      do! context.Response.WriteAsync text
                  }) ]

    testList
        "how long"
        [ testCaseTask "promise 7: ExpiresUtc is the end, and MaxTtl the latest" (fun () ->
              task {
                  for hours, seconds in [ 1, 3600; 100, 360_000; 9000, 2_592_000 ] do
                      use! app = start (web site)
                      let browser = app.NewBrowser()
                      let! answer = browser.Get $"/in?hours={hours}"
                      let age = attributes answer.SetCookies.Head
                      Expect.contains age $"Max-Age={seconds}" "the cookie's"
                      app.Clock.Advance(TimeSpan.FromSeconds(float seconds - 1.))
                      let! me = browser.Get "/me"
                      Expect.equal me.Body "Ann Lee" "until then"
                      app.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let! me = browser.Get "/me"
                      Expect.equal me.Body "nobody" "and no longer"
              })

          testCaseTask "without one it is the session's, and the ticket says so" (fun () ->
              task {
                  use! app = start (web site)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/plain"
                  app.Clock.Advance(TimeSpan.FromHours 1.)
                  let! ticket = browser.Get "/ticket"
                  Expect.equal ticket.Body "2030-01-02 03:04:05Z 2030-01-02 05:04:05Z" "issued, expires"
              })

          testCaseTask "an end in the past is an error, and signs nobody in" (fun () ->
              task {
                  use! app = start (web site)
                  let! answer = app.NewBrowser().Get "/in?hours=0"
                  Expect.equal (answer.Status, answer.SetCookies) (500, []) "an error"
                  Expect.stringContains answer.Body "ArgumentException" "of the caller"
                  Expect.stringContains answer.Body "ExpiresUtc" "that says what to change"
              }) ]

let private beside =
    testList
        "beside the handlers"
        [ testCaseTask "behind useSession a sign-in commits what was set before, under one new id" (fun () ->
              task {
                  let site =
                      choose
                          [ route "/in"
                            >=> useSession "web"
                            >=> leave "web"
                            >=> signIn "web" ann
                            >=> leave "web"
                            >=> text "in"
                            route "/out" >=> useSession "web" >=> leave "web" >=> signOut "web" >=> text "out"
                            route "/me" >=> user
                            route "/show" >=> readSession "web" shown ]

                  use! app = start (web site)
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/in"
                  Expect.equal (answer.Status, answer.SetCookies.Length) (200, 1) "one cookie"
                  let! me = browser.Get "/me"
                  let! shown = browser.Get "/show"
                  Expect.equal (me.Body, shown.Body) ("Ann Lee", "2") "the user, and both changes"
                  let! out = browser.Get "/out"
                  Expect.equal out.Status 200 "signed out"
                  let! shown = browser.Get "/show"
                  Expect.equal (shown.Body, Map.isEmpty browser.Cookies) ("0", true) "and nothing is left"
              })

          testCaseTask "promise 12: a sign-in runs again when another request got there first" (fun () ->
              task {
                  let site =
                      choose
                          [ route "/in" >=> signIn "web" ann >=> text "in"
                            route "/count" >=> withSession "web" count
                            route "/me" >=> user
                            route "/show" >=> readSession "web" shown ]

                  let host = web site
                  // Before the old session is exchanged for the new one.
                  let gate = Gate(memory host.Clock, StoreOperation.Replace)
                  use! app = start { host with Setup = SessionSetup.driver "memory" gate.Driver }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/count"
                  let other = browser.Copy()
                  let signingIn = browser.Get "/in"
                  do! gate.Reached
                  let! _ = other.Get "/count"
                  gate.Open()
                  let! answer = signingIn
                  Expect.equal answer.Status 200 "it is done"
                  let! me = browser.Get "/me"
                  let! shown = browser.Get "/show"
                  Expect.equal (me.Body, shown.Body) ("Ann Lee", "2") "signed in, with the other's change"
              })

          testCaseTask "somebody who signs in again is authenticated anew, under a new id, and that is told" (fun () ->
              task {
                  let heard = ConcurrentQueue<SessionEventKind>()

                  let listen (event: SessionEvent) (_: CancellationToken) =
                      heard.Enqueue event.Kind
                      ValueTask()

                  let site =
                      choose
                          [ route "/in" >=> signIn "web" ann >=> text "in"
                            route "/at"
                            >=> readSession "web" (fun session -> text $"{(Session.signedInAt session).Value:u}") ]

                  use! app = start { web site with Setup = SessionSetup.events listen }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let before = browser.Copy()
                  app.Clock.Advance(TimeSpan.FromMinutes 20.)
                  let! _ = browser.Get "/in"
                  let! at = browser.Get "/at"
                  Expect.equal at.Body "2030-01-02 03:24:05Z" "the second time"
                  Expect.notEqual browser.Cookies before.Cookies "another id"
                  do! (app :> IAsyncDisposable).DisposeAsync()

                  Expect.equal
                      (List.ofSeq heard)
                      [ SessionEventKind.Created; SessionEventKind.SignedIn; SessionEventKind.SignedIn ]
                      "told"
              })

          testCaseTask "promise 22: the schemes web and admin stand side by side" (fun () ->
              task {
                  let site =
                      choose
                          [ route "/web/in" >=> signIn "web" ann >=> text "in"
                            route "/admin/in" >=> signIn "admin" [ identifier, "root" ] >=> text "in"
                            route "/web" >=> userOf "web"
                            route "/admin" >=> userOf "admin"
                            route "/web/out" >=> signOut "web" >=> text "out" ]

                  let both (schemes: AuthenticationBuilder) =
                      schemes.AddRunaSession().AddRunaSession("admin") |> ignore

                  use! app = start (host site |> withSchemes both ignore ignore)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/web/in"
                  let! admin = browser.Get "/admin"
                  Expect.equal admin.Body "nobody" "not by the other"
                  let! _ = browser.Get "/admin/in"

                  for path, expected in [ "/web", "Ann Lee"; "/admin", "root" ] do
                      let! answer = browser.Get path
                      Expect.equal answer.Body expected path

                  let! _ = browser.Get "/web/out"

                  for path, expected in [ "/web", "nobody"; "/admin", "root" ] do
                      let! answer = browser.Get path
                      Expect.equal answer.Body expected $"{path} afterwards"

                  let web = browser.Cookies |> Map.tryFind "__Host-runa_session"
                  Expect.isNone web "its cookie went"
                  let token = browser.Cookies["__Host-runa_admin_session"]
                  browser.SetCookie("__Host-runa_session", token)
                  let! answer = browser.Get "/web"
                  Expect.equal answer.Body "nobody" "promise 2: the admin's cookie is none of web's"
              })

          testCaseTask "a scheme may have another name than its session, and issue claims under a third" (fun () ->
              task {
                  let issuers: HttpHandler =
                      respond (fun context ->
                          let issuers = [ for claim in context.User.Claims -> claim.Issuer ] |> List.distinct
                          context.Response.WriteAsync(String.Join(",", issuers)))

                  let site =
                      choose
                          [ route "/in" >=> signIn "staff" ann >=> text "in"
                            route "/owner"
                            >=> withOwner "admin" (text "nobody") (fun owner session -> session, text owner)
                            issuers ]

                  let staff (schemes: AuthenticationBuilder) =
                      schemes.AddRunaSession("staff", "admin", (fun options -> options.ClaimsIssuer <- "shop"))
                      |> ignore

                  use! app = start (host site |> withSchemes staff ignore ignore)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! owner = browser.Get "/owner"
                  Expect.equal owner.Body "ann" "of that session"
                  let! issuers = browser.Get "/issuers"
                  Expect.equal issuers.Body "shop" "the only scheme is the default"
              })

          testCaseTask "the driver cookie holds users too" (fun () ->
              task {
                  let site =
                      choose
                          [ route "/in" >=> signIn "web" ann >=> text "in"
                            route "/out" >=> signOut "web" >=> text "out"
                            user ]

                  let setup = SessionSetup.session "web" (fun o -> { o with Driver = "cookie" })
                  use! app = start { web site with Setup = setup }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "Ann Lee" "who it is"
                  let! _ = browser.Get "/out"
                  Expect.isEmpty browser.Cookies "signed out"
              }) ]

[<Tests>]
let tests = testList "SessionSignIn" [ lifetime; beside ]
