module Runa.Session.Tests.BoundSiteTests

open System
open System.Collections.Generic
open System.Net.Http
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.BoundBrowsers
open Runa.Session.Tests.Devices
open Runa.Session.Tests.Handlers

let private minutes (count: float) = TimeSpan.FromMinutes count

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out"
          route "/leave" >=> updateSession "web" (Session.signOut >> Session.set visits 7) >=> text "left"
          route "/stay"
          >=> updateSession "web" (Session.withLifetime (TimeSpan.FromHours 9.))
          >=> text "stays"
          route "/count" >=> updateSession "web" (Session.update visits 0 ((+) 1)) >=> text "counted"
          route "/set"
          >=> (fun next context ->
              task {
                  let! session = context.LoadSessionAsync "web"
                  context.SetSession(session |> Session.set visits 5)
                  return! text "set" next context
              })
          route "/mine"
          >=> withOwner "web" (text "sign in first") (fun owner session -> session, text $"of {owner}")
          route "/safe"
          >=> withDevice "web" (text "not here") (fun owner session -> session, text $"safe {owner}")
          readSession "web" (fun session ->
              let owner = Session.owner session |> Option.defaultValue "nobody"
              text $"{Session.status session} {Session.device session} {owner} {Session.getOr visits 0 session}") ]

let private startedWith (change: SessionSettings -> SessionSettings) : Task<App> =
    let given = host site

    start
        { given with
            Setup =
                SessionSetup.session "web" (fun o ->
                    change { o with DeviceBound = DeviceBound.Offer; Ttl = TimeSpan.FromHours 8. })
                >> given.Setup }

/// Behind an error page, as that of Development, and the middleware of C#.
let private startedBehind () : Task<App> =
    let given = host site
    let middleware = SessionMiddleware("web", null)

    start
        { given with
            Setup = SessionSetup.session "web" (fun o -> { o with DeviceBound = DeviceBound.Offer })
            Pipeline =
                fun app ->
                    errorPage app
                    app.Use(fun (next: RequestDelegate) -> middleware.Around next) |> ignore }

/// With this driver, by this clock.
let private startedOn (clock: FakeTimeProvider) (driver: SessionDriver) : Task<App> =
    let given = host site

    start
        { given with
            Clock = clock
            Setup =
                SessionSetup.driver "own" driver
                >> SessionSetup.session "web" (fun o ->
                    { o with Driver = "own"; DeviceBound = DeviceBound.Offer; Ttl = TimeSpan.FromHours 8. }) }

let private started () : Task<App> = startedWith id

let private expect (browser: BoundBrowser) (path: string) (wanted: string) (what: string) =
    task {
        let! found = browser.Get path
        Expect.equal found.Body wanted what
    }

[<Tests>]
let tests =
    testList
        "Bound site"
        [ testCaseTask "promise 29: a copy of the session's cookie is worthless once the session is bound" (fun () ->
              task {
                  use! app = started ()
                  let browser = BoundBrowser(app.NewBrowser())
                  let! registered = browser.SignIn "/in"
                  Expect.equal registered.Status 200 "registered"
                  do! expect browser "/" "Active Bound ann 0" "bound by its first request with the bound cookie"
                  let! _ = browser.Get "/count"
                  let thief = BoundBrowser(browser.Browser.Copy())
                  thief.Browser.Jar.Remove bound |> ignore
                  do! expect thief "/" "Unproven Unbound nobody 0" "without the bound cookie"
                  do! expect thief "/mine" "sign in first" "withOwner"
                  do! expect thief "/safe" "not here" "withDevice"
                  let! refused = thief.Get "/count"
                  Expect.equal refused.Status 401 "no change is saved"
                  do! expect browser "/safe" "safe ann" "the device goes on"
                  do! expect browser "/" "Active Bound ann 1" "and nothing of the thief was saved"
                  // Both cookies, until the bound one ends.
                  let thief = BoundBrowser(browser.Browser.Copy())
                  do! expect thief "/" "Active Bound ann 1" "both cookies, for minutes"
                  app.Clock.Advance(minutes 15.)
                  do! expect thief "/" "Unproven Unbound nobody 0" "the bound cookie has ended"
                  let! again = browser.RefreshBy registered
                  Expect.equal again.Status 200 "the device signs"
                  do! expect browser "/" "Active Bound ann 1" "and goes on"
              })

          testCaseTask "a refresh without a proof is asked for one, each challenge is good once" (fun () ->
              task {
                  use! app = started ()
                  let browser = BoundBrowser(app.NewBrowser())
                  let! registered = browser.SignIn "/in"
                  let _, id = challengeOf registered
                  let! asked = browser.Refresh(id, None)
                  Expect.equal asked.Status 403 "asked"
                  let! first = browser.RefreshBy asked
                  Expect.equal first.Status 200 "proved"
                  let! second = browser.RefreshBy asked
                  Expect.equal second.Status 403 "the same challenge again"
                  let! third = browser.RefreshBy second
                  Expect.equal third.Status 200 "the new one"
              })

          testCaseTask "a proof by another key ends the session, if its cookie comes along" (fun () ->
              task {
                  use! app = started ()
                  let browser = BoundBrowser(app.NewBrowser())
                  let! registered = browser.SignIn "/in"
                  do! expect browser "/" "Active Bound ann 0" "bound"
                  let stranger = BoundBrowser(app.NewBrowser())
                  let! answer = stranger.RefreshBy registered
                  Expect.equal answer.Status 403 "without the cookie nothing ends"
                  do! expect browser "/" "Active Bound ann 0" "goes on"
                  let thief = BoundBrowser(browser.Browser.Copy())
                  let! answer = thief.RefreshBy registered
                  Expect.equal answer.Status 401 "with it"
                  do! expect browser "/" "Taken Unbound nobody 0" "the session has ended"
                  let! after = browser.RefreshBy registered
                  Expect.equal after.Status 401 "and its device is forgotten"
              })

          testCaseTask
              "promise 9: a sign-out takes the bound cookie back, also if the session goes on without an owner"
              (fun () ->
                  task {
                      use! app = started ()

                      for path, rest in [ "/out", "New Unbound nobody 0"; "/leave", "Active Unbound nobody 7" ] do
                          let browser = BoundBrowser(app.NewBrowser())
                          let! registered = browser.SignIn "/in"
                          do! expect browser "/" "Active Bound ann 0" "bound"
                          let! _ = browser.Get path
                          Expect.isFalse (browser.Browser.Cookies.ContainsKey bound) $"the bound cookie after {path}"
                          do! expect browser "/" rest path
                          let! after = browser.RefreshBy registered
                          Expect.equal after.Status 401 "its device is forgotten"
                  })

          testCaseTask
              "a device is known as long as its session lives, also if that was prolonged since the last refresh"
              (fun () ->
                  task {
                      use! app = started ()
                      let browser = BoundBrowser(app.NewBrowser())
                      let! registered = browser.SignIn "/in"
                      do! expect browser "/" "Active Bound ann 0" "bound"
                      app.Clock.Advance(minutes 470.)
                      let! asked = browser.RefreshBy registered
                      let! refreshed = browser.RefreshBy asked
                      Expect.equal refreshed.Status 200 "10 minutes before the end"
                      let! _ = browser.Get "/stay"
                      app.Clock.Advance(minutes 30.)
                      let! asked = browser.RefreshBy refreshed
                      Expect.equal asked.Status 403 "20 minutes after the end that it had then"
                      let! refreshed = browser.RefreshBy asked
                      Expect.equal refreshed.Status 200 "refreshed"
                      do! expect browser "/" "Active Bound ann 0" "goes on"
                  })

          testCaseTask "only the sign-in's own response offers a binding, also if its clock is ahead" (fun () ->
              task {
                  let behind = clock ()
                  let ahead = FakeTimeProvider(behind.GetUtcNow() + minutes 4.)
                  let store = memory behind
                  use! here = startedOn behind store
                  use! there = startedOn ahead store
                  let browser = BoundBrowser(there.NewBrowser())
                  let! answer = browser.Get "/in"
                  Expect.isSome (offerOf answer) "the sign-in"
                  let thief = BoundBrowser(browser.Browser.At here.Client)
                  let! answer = thief.Get "/stay"
                  Expect.isTrue (answer.Header "Set-Cookie" <> "") "the cookie is sent again"
                  Expect.isNone (offerOf answer) "and nothing offered to who may have copied it"
              })

          testCaseTask "the middleware answers a change that is not of the device, before an error page does" (fun () ->
              task {
                  use! app = startedBehind ()
                  let browser = BoundBrowser(app.NewBrowser())
                  let! _ = browser.SignIn "/in"
                  do! expect browser "/" "Active Bound ann 0" "bound"
                  let thief = BoundBrowser(browser.Browser.Copy())
                  thief.Browser.Jar.Remove bound |> ignore
                  let! refused = thief.Get "/set"
                  Expect.equal (refused.Status, refused.Body, refused.SetCookies) (401, "", []) "refused"
                  let! later = thief.Send(HttpMethod.Get, "/set", [ "Secure-Session-Skipped", "unreachable" ])
                  Expect.equal (later.Status, later.Header "Retry-After") (503, "5") "its browser comes again"
                  do! expect browser "/set" "set" "the device goes on"
                  do! expect browser "/" "Active Bound ann 5" "and only its own change was saved"
              })

          testCaseTask "who signs in while all sessions are ended keeps the device" (fun () ->
              task {
                  let time = clock ()
                  let meanwhile = ref (fun () -> Task.CompletedTask)

                  let around =
                      { new IAround with
                          member _.Call operation _ call =
                              let calling =
                                  task {
                                      let! answer = call ()

                                      if operation = StoreOperation.DeleteAll then
                                          do! meanwhile.Value()

                                      return answer
                                  }

                              ValueTask<_>(task = calling) }

                  use! app = startedOn time (DriverAround.wrap around (memory time))
                  let signedIn = List<BoundBrowser * Answer>()

                  meanwhile.Value <-
                      fun () ->
                          task {
                              let browser = BoundBrowser(app.NewBrowser())
                              let! registered = browser.SignIn "/in"
                              signedIn.Add((browser, registered))
                          }

                  let! _ = SessionRegistry.revokeAll "web" CancellationToken.None app.Registry
                  Expect.isGreaterThan signedIn.Count 0 "someone signed in meanwhile"

                  for browser, registered in signedIn do
                      let! page = browser.Get "/"
                      let lives = page.Body.StartsWith "Active"
                      let! refreshed = browser.RefreshBy registered
                      Expect.equal refreshed.Status (if lives then 200 else 401) page.Body
              }) ]
