/// The header Clear-Site-Data of responses that end a session.
module Runa.Session.Tests.ClearSiteDataTests

open System
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private goodbye = SessionKey.create<string> "goodbye"
let private header = "clear-site-data"

let private site =
    choose
        [ route "/count" >=> withSession "web" count
          route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/out" >=> updateSession "web" Session.signOut >=> text "out"
          route "/own"
          >=> setHeader header "\"cache\",\"cookies\""
          >=> updateSession "web" Session.signOut
          >=> text "out"
          route "/flash"
          >=> updateSession "web" (Session.signOut >> Session.flash goodbye "bye")
          >=> text "out"
          route "/swap" >=> updateSession "web" (Session.signOut >> Session.signIn "bob") >=> text "in"
          route "/later"
          >=> updateSession "web" Session.signOut
          >=> updateSession "web" (Session.signIn "bob")
          >=> text "in"
          route "/both"
          >=> updateSession "web" Session.signOut
          >=> updateSession "admin" Session.signOut
          >=> text "out"
          route "/admin" >=> updateSession "admin" (Session.signIn "ann") >=> text "in"
          route "/broken"
          >=> updateSession "web" Session.signOut
          >=> raising (InvalidOperationException "broken") ]

/// As behind a proxy that ends TLS.
let private https (app: IApplicationBuilder) =
    errorPage app

    app.Use(fun (context: HttpContext) (next: RequestDelegate) ->
        if not (context.Request.Query.ContainsKey "http") then
            context.Request.Scheme <- "https"

        next.Invoke context)
    |> ignore

let private clearing (data: SiteData list) (o: SessionSettings) = { o with ClearSiteData = data }
let private both = [ SiteData.Cookies; SiteData.Storage ]

let private app (server: Server) (setup: SessionSetup -> SessionSetup) =
    start { host site with Server = server; Pipeline = https; Setup = setup }

let private sent (answer: Answer) = answer.Headers |> Map.tryFind header

let private endings =
    [ for driver in [ "memory"; "cookie" ] do
          onBoth $"the response that ends a session says what the browser deletes: {driver}" (fun server ->
              task {
                  use! app =
                      app server (SessionSetup.session "web" (clearing both >> fun o -> { o with Driver = driver }))

                  for first, path, expected in
                      [ "/in", "/out", Some "\"cookies\", \"storage\""
                        "/count", "/out", Some "\"cookies\", \"storage\""
                        "/in", "/own", Some "\"cache\", \"cookies\", \"storage\""
                        "/in", "/flash", Some "\"cookies\", \"storage\""
                        "/in", "/broken", Some "\"cookies\", \"storage\""
                        "/in", "/out?http=1", None
                        "/in", "/count", None
                        "/in", "/in", None
                        "/in", "/swap", None
                        "/in", "/later", None ] do
                      let browser = app.NewBrowser()
                      let! begun = browser.Get first
                      Expect.isNone (sent begun) first
                      let! answer = browser.Get path
                      Expect.equal (sent answer) expected path

                  let! nobody = app.NewBrowser().Get "/out"
                  Expect.isNone (sent nobody) "there was no session"
              }) ]

let private otherwise =
    [ testCaseTask "without the setting there is no header" (fun () ->
          task {
              use! app = app Server.InMemory id
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! answer = browser.Get "/out"
              Expect.isNone (sent answer) "off by default"
          })

      testCaseTask "two sessions that end join their lists; * is written as the specification does" (fun () ->
          task {
              use! app =
                  app
                      Server.InMemory
                      (SessionSetup.session "web" (clearing [ SiteData.Storage; SiteData.ExecutionContexts ])
                       >> SessionSetup.session "admin" (clearing [ SiteData.Storage; SiteData.All ]))

              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! _ = browser.Get "/admin"
              let! answer = browser.Get "/both"
              Expect.equal (sent answer) (Some "\"storage\", \"executionContexts\", \"*\"") "each once"
          })

      testCaseTask
          "promise 14: a sign-out that the store did not do, and a session that expired, clear nothing"
          (fun () ->
              task {
                  let clock = clock ()
                  let driver = TestDriver.Counting(memory clock)

                  use! app =
                      start
                          { host site with
                              Clock = clock
                              Pipeline = https
                              Setup =
                                  SessionSetup.driver "memory" driver.Driver
                                  >> SessionSetup.session "web" (clearing both) }

                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  driver.Behave <-
                      fun asked -> if asked = StoreOperation.Delete then Behaviour.FailBefore else Behaviour.Pass
                  let! failed = browser.Get "/out"
                  Expect.equal (failed.Status, sent failed) (500, None) "the session is still there"
                  driver.Behave <- fun _ -> Behaviour.Pass
                  app.Clock.Advance(TimeSpan.FromHours 3.)
                  let! expired = browser.Get "/count"
                  Expect.isNone (sent expired) "expired"
              })

      testCaseTask "a sign-out of cookie authentication with its tickets in the session clears, too" (fun () ->
          task {
              let open' =
                  CookieTickets.tickets (
                      host (
                          choose
                              [ route "/swap"
                                >=> Schemes.signOut CookieTickets.scheme
                                >=> Schemes.signIn CookieTickets.scheme CookieTickets.bob
                                >=> text "in"
                                CookieTickets.site ]
                      )
                  )

              use! app =
                  start
                      { open' with
                          Setup = open'.Setup >> SessionSetup.session "tickets" (clearing both)
                          Pipeline =
                              fun app ->
                                  https app
                                  open'.Pipeline app }

              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! swapped = browser.Get "/swap"
              Expect.isNone (sent swapped) "signed in again"
              let! answer = browser.Get "/out"
              Expect.equal (sent answer) (Some "\"cookies\", \"storage\"") "signed out"
              let! again = browser.Get "/out"
              Expect.isNone (sent again) "there was no ticket"
          }) ]

[<Tests>]
let tests = testList "ClearSiteData" (endings @ otherwise)
