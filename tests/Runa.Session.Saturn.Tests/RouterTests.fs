/// `pipeline` and `router`, with and without endpoint routing.
module Runa.Session.Tests.RouterTests

open Giraffe
open Microsoft.Extensions.Hosting
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.Tests.SaturnHosting
open Saturn

let private show name : HttpHandler = fun next ctx -> shown (ctx.GetSession name) next ctx

let private web =
    pipeline {
        set_header "X-Piped" "yes"
        plug (useSession "web")
    }

let private admin =
    router {
        pipe_through (pipeline { plug (useSession "admin") })
        get "" (show "admin")
        get "/left" (leave "admin" >=> text "left")
        getf "/owner/%s" (fun owner -> updateSession "admin" (Session.signIn owner) >=> text owner)
        not_found_handler (setStatusCode 404 >=> text "no such admin page")
    }

let private site =
    router {
        pipe_through web
        not_found_handler (setStatusCode 404 >=> text "no such page")
        get "/" (show "web")
        get "/left" (leave "web" >=> text "left")
        post "/left" (leave "web" >=> leave "web" >=> text "left twice")
        get
            "/warbled"
            (warbler (fun (_, ctx) -> withSession "web" (fun session -> session, text (string ctx.Request.Query["q"]))))
        getf "/add/%i" (fun number -> updateSession "web" (Session.update visits 0 ((+) number)) >=> show "web")
        forward "/admin" admin
    }

let private endpoints =
    Saturn.Endpoint.Router.router {
        pipe_through web
        get "/" (show "web")
        get "/left" (leave "web" >=> text "left")
        post "/login" (updateSession "web" (Session.signIn "ann") >=> redirectTo false "/account")
        get "/account" (withOwner "web" (redirectTo false "/login") (fun owner session -> session, text owner))
    }

let private routed (driver: TestDriver) (logs: Logs) =
    application {
        on_test_server logs
        use_runa_session (over driver.Driver)
        use_router site
    }

let private routedByEndpoints (driver: TestDriver) (logs: Logs) =
    application {
        on_test_server logs
        use_runa_session (over driver.Driver)
        use_endpoint_router endpoints
    }

let private visit
    (build: TestDriver -> Logs -> IHostBuilder)
    (check: TestDriver -> Logs -> Browser -> System.Threading.Tasks.Task<unit>)
    =
    let driver = TestDriver.Counting(memory (clock ()))
    let logs = new Logs()
    visitingHost (build driver logs) (fun _ browser -> check driver logs browser)

[<Tests>]
let tests =
    testList
        "router"
        [ testCaseTask "promise 13: a pipeline with useSession serves its router" (fun () ->
              visit routed (fun _ logs browser ->
                  task {
                      let! left = browser.Get "/left"
                      expectBody "left" "answered" left
                      Expect.equal (left.Header "X-Piped") "yes" "through the pipeline"
                      let! _ = browser.Send(System.Net.Http.HttpMethod.Post, "/left")
                      let! _ = browser.Get "/add/10"
                      let! shown = browser.Get "/"
                      expectBody "13" "all of it" shown
                      let! warbled = browser.Get "/warbled?q=now"
                      expectBody "now" "and nested below it" warbled
                      Expect.isEmpty logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "promise 22: a forwarded router has a session of its own name" (fun () ->
              visit routed (fun _ _ browser ->
                  task {
                      let! _ = browser.Get "/left"
                      let! _ = browser.Get "/admin/left"
                      let! _ = browser.Get "/admin/left"
                      let! shown = browser.Get "/admin"
                      expectBody "2" "admin" shown
                      let! owner = browser.Get "/admin/owner/ann"
                      expectBody "ann" "signed in there" owner
                      let! shown = browser.Get "/"
                      expectBody "1" "web" shown
                  }))

          testCaseTask "promise 8: what a router does not find leaves no session" (fun () ->
              visit routed (fun driver logs browser ->
                  task {
                      let! missing = browser.Get "/nowhere"
                      Expect.equal
                          (missing.Status, missing.Body, missing.SetCookies)
                          (404, "no such page", [])
                          "not found"
                      let! below = browser.Get "/admin/nowhere"
                      Expect.equal (below.Status, below.Body) (404, "no such admin page") "below as well"
                      Expect.isEmpty driver.Calls "a stranger costs the store nothing"
                      Expect.isEmpty logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "promise 4: an endpoint router signs in, and guards" (fun () ->
              visit routedByEndpoints (fun _ _ browser ->
                  task {
                      let! _ = browser.Get "/left"
                      let! shown = browser.Get "/"
                      expectBody "1" "counted" shown
                      let! refused = browser.Get "/account"
                      Expect.equal (refused.Header "Location") "/login" "before"
                      let! _ = browser.Send(System.Net.Http.HttpMethod.Post, "/login")
                      let! account = browser.Get "/account"
                      expectBody "ann" "after" account
                  })) ]
