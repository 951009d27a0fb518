module Runa.Session.Tests.BrowserTests

open System
open System.Net.Http
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site =
    choose
        [ route "/status"
          >=> readSession "web" (fun session -> text $"{Session.status session} {Session.isEmpty session}")
          route "/count" >=> withSession "web" count
          route "/same" >=> withSession "web" (fun session -> session, text "same")
          route "/remember" >=> updateSession "web" (Session.withLifetime (TimeSpan.FromDays 7.)) >=> text ""
          route "/forever" >=> updateSession "web" (Session.withLifetime (TimeSpan.FromDays 90.)) >=> text ""
          route "/regenerate" >=> updateSession "web" Session.regenerate >=> text ""
          route "/login" >=> updateSession "web" (Session.signIn "ann") >=> text ""
          route "/logout" >=> updateSession "web" Session.signOut >=> text ""
          route "/guarded" >=> withOwner "web" (text "log in") (fun owner session -> session, text owner) ]

let private onSite (server: Server) (setup: SessionSetup -> SessionSetup) (visit: App -> Browser -> Task<unit>) =
    task {
        use! app = start { host site with Server = server; Setup = setup }
        return! visit app (app.NewBrowser())
    }

let private maxAge (answer: Answer) =
    match answer.SetCookies with
    | [ cookie ] -> attributes cookie |> List.filter _.StartsWith("Max-Age")
    | cookies -> failtest $"one cookie, not %A{cookies}"

let private statuses =
    testList
        "statuses"
        [ onBoth "promise 10: a first visit, a living and an expired session are told apart" (fun server ->
              onSite server id (fun app browser ->
                  task {
                      let! first = browser.Get "/status"
                      Expect.equal (first.Body, first.SetCookies) ("New True", []) "no session yet"
                      let! _ = browser.Get "/count"
                      let! living = browser.Get "/status"
                      Expect.equal living.Body "Active False" "stored"
                      app.Clock.Advance(ofHours 2.)
                      let! expired = browser.Get "/status"
                      Expect.equal
                          (expired.Body, expired.SetCookies)
                          ("Expired True", [])
                          "gone, and the cookie left alone"
                      let before = browser.Cookies
                      let! again = browser.Get "/count"
                      Expect.equal again.Body "1" "from the beginning"
                      Expect.notEqual browser.Cookies before "under a fresh id"
                  }))

          testCaseTask "promise 3: a genuine token whose session was ended is not adopted" (fun () ->
              onSite Server.InMemory id (fun app browser ->
                  task {
                      let! _ = browser.Get "/login"
                      let old = browser.Copy()
                      let! ended =
                          app.Registry |> SessionRegistry.revokeOwner "web" "ann" Threading.CancellationToken.None
                      Expect.equal ended 1 "ended"
                      let! answer = old.Get "/count"
                      Expect.equal answer.Body "1" "a new one"
                      Expect.notEqual old.Cookies browser.Cookies "under another id"
                      let! refused = browser.Get "/guarded"
                      Expect.equal refused.Body "log in" "nobody is signed in"
                  }))

          testCaseTask "promise 7: the absolute lifetime is not extended by requests, the idle one is" (fun () ->
              let idle = SessionSetup.session "web" (fun o -> { o with IdleTimeout = Some(TimeSpan.FromMinutes 20.) })

              onSite Server.InMemory idle (fun app browser ->
                  task {
                      let! _ = browser.Get "/count"
                      let quiet = browser.Copy()

                      for _ in 1..7 do
                          app.Clock.Advance(TimeSpan.FromMinutes 15.)
                          let! answer = browser.Get "/status"
                          Expect.equal answer.Body "Active False" "kept alive"

                      app.Clock.Advance(TimeSpan.FromMinutes 15.)
                      let! ended = browser.Get "/status"
                      Expect.equal ended.Body "Expired True" "two hours are over"
                      let! _ = quiet.Get "/count"
                      app.Clock.Advance(TimeSpan.FromMinutes 20.)
                      let! idle = quiet.Get "/status"
                      Expect.equal idle.Body "Expired True" "20 minutes without a request"
                  })) ]

let private cookies =
    testList
        "the cookie"
        [ onBoth "promise 19: carries the attributes of the defaults" (fun server ->
              onSite server id (fun _ browser ->
                  task {
                      let! answer = browser.Get "/count"
                      let cookie = answer.SetCookies.Head
                      Expect.stringStarts cookie "__Host-runa_session=" "its name"

                      Expect.equal
                          (List.sort (attributes cookie))
                          [ "HttpOnly"; "Max-Age=7200"; "Path=/"; "SameSite=Lax"; "Secure" ]
                          "and no more"
                  }))

          onBoth "promise 21: is only sent again when it changed" (fun server ->
              onSite server id (fun app browser ->
                  task {
                      let! _ = browser.Get "/count"
                      let token = browser.Cookies

                      for path in [ "/count"; "/same"; "/status" ] do
                          let! answer = browser.Get path
                          Expect.equal answer.SetCookies [] $"{path}: unchanged"

                      app.Clock.Advance(ofHours 1.)
                      let! remembered = browser.Get "/remember"
                      Expect.equal (maxAge remembered) [ "Max-Age=601200" ] "7 days from creation, an hour ago"
                      Expect.equal browser.Cookies token "the same token"
                      let! again = browser.Get "/remember"
                      Expect.equal again.SetCookies [] "the same lifetime is no change"
                      let! capped = browser.Get "/forever"
                      Expect.equal (maxAge capped) [ "Max-Age=2588400" ] "at most 30 days"
                      let! _ = browser.Get "/regenerate"
                      Expect.notEqual browser.Cookies token "a regenerated one is new"
                      let! out = browser.Get "/logout"
                      Expect.equal (maxAge out) [ "Max-Age=0" ] "a destroyed one is taken back"
                      Expect.isEmpty browser.Cookies "and gone"
                  }))

          testCaseTask "promise 24: rotating secrets logs nobody out until the old one is removed" (fun () ->
              task {
                  let driver = memory (clock ())

                  let visit (secrets: string list) (cookies: Map<string, string>) =
                      task {
                          use! app =
                              start
                                  { host site with
                                      Setup = SessionSetup.secrets secrets >> SessionSetup.driver "memory" driver }

                          let browser = app.NewBrowser()
                          Map.iter (fun name value -> browser.SetCookie(name, value)) cookies
                          let! answer = browser.Get "/count"
                          return answer.Body, browser.Cookies
                      }

                  let other = "another secret, q8Zt5_vN2-xR7k!eW0d"
                  let! _, cookies = visit [ secret ] Map.empty
                  let! rotated, cookies = visit [ other; secret ] cookies
                  let! removed, _ = visit [ other ] cookies
                  Expect.equal (rotated, removed) ("2", "1") "kept, then ended"
              }) ]

let private hints =
    let foreign =
        "The cookie __Host-runa_session of the session \"web\" holds a token that this application did not sign. Did the secret change, do several servers have different ones, or does another application on this host use this cookie name? (Said once; the counter runa.session.foreign_tokens counts all.)"

    let insecure =
        "The session \"web\" set a Secure cookie over plain http to example.com; browsers will drop it. Use https, or http://localhost. (Development hint, given once.)"

    let from (browser: Browser) (host: string) =
        let request = new HttpRequestMessage(HttpMethod.Get, Uri("/count", UriKind.Relative))
        request.Headers.Host <- host
        browser.SendRaw request

    testList
        "hints"
        [ for environment in [ "Development"; "Production" ] do
              testCaseTask
                  $"promise 2: a token of another application is worthless, and logged once: {environment}"
                  (fun () ->
                      task {
                          use! other = start { host site with Setup = SessionSetup.application "another" }
                          let foreigner = other.NewBrowser()
                          let! _ = foreigner.Get "/count"
                          use! app = start { host site with Environment = environment }

                          for _ in 1..3 do
                              let browser = app.NewBrowser()
                              foreigner.Cookies |> Map.iter (fun name value -> browser.SetCookie(name, value))
                              let! answer = browser.Get "/status"
                              Expect.equal answer.Body "New True" "worth nothing here"

                          Expect.equal app.Logs.Warnings [ foreign ] "once, in Production, too"
                      })

          for environment, expected in [ "Development", [ insecure ]; "Production", [] ] do
              testCaseTask $"a Secure cookie over http, which browsers drop, is logged once: {environment}" (fun () ->
                  task {
                      use! app = start { host site with Environment = environment }

                      for host in
                          [ "localhost"
                            "127.0.0.1:5000"
                            "app.localhost:8080"
                            "example.com"
                            "example.com"
                            "example.com:81" ] do
                          let! answer = from (app.NewBrowser()) host
                          Expect.equal (List.length answer.SetCookies) 1 $"{host}: the cookie is sent all the same"

                      Expect.equal app.Logs.Warnings expected "once, in Development"
                  }) ]

[<Tests>]
let tests = testList "Browser" [ statuses; cookies; hints ]
