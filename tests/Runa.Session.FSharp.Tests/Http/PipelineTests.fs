/// Requests that pass the pipeline more than once, middleware outside of the library's first one, and contexts that
/// share their features.
module Runa.Session.Tests.PipelineTests

open System
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

/// Puts a middleware outside of all that are registered later.
let private outside (middleware: RequestDelegate -> RequestDelegate) (services: IServiceCollection) : unit =
    let filter =
        { new IStartupFilter with
            member _.Configure next =
                Action<IApplicationBuilder>(fun app ->
                    app.Use(fun (inner: RequestDelegate) -> middleware inner) |> ignore
                    next.Invoke app) }

    services.AddSingleton<IStartupFilter> filter |> ignore

/// Answers 404 by running the whole pipeline again for another path.
let private again (next: RequestDelegate) : RequestDelegate =
    RequestDelegate(fun context ->
        task {
            do! next.Invoke context

            if context.Response.StatusCode = 404 && not context.Response.HasStarted then
                context.Request.Path <- PathString "/error"
                do! next.Invoke context
        })

let private silent: HttpHandler = respond (fun _ -> Task.CompletedTask)

let private outer =
    testList
        "a middleware outside of the library's first one"
        [ onBoth "promise 12, 13: runs the pipeline again, and both runs have one session" (fun server ->
              task {
                  let site =
                      choose
                          [ route "/show" >=> shownVisits
                            route "/error" >=> withSession "web" count
                            updateSession "web" (Session.set visits 7) >=> setStatusCode 404 >=> silent ]

                  use! app = start { host site with Server = server; Services = outside again }
                  let browser = app.NewBrowser()
                  let! error = browser.Get "/missing"
                  Expect.equal error.Body "8" "the second run sees what the first one stored"
                  Expect.equal (List.length error.SetCookies) 1 "one cookie"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "8" "and it stands"
              })

          onBoth "offers a session to everything behind it" (fun server ->
              task {
                  let site =
                      choose
                          [ route "/show" >=> shownVisits
                            perform (fun context ->
                                task {
                                    let scope = context.GetSessionScope "web"
                                    let! _ = scope.Load CancellationToken.None
                                    scope.Set(scope.Show() |> Session.set visits 3)
                                })
                            >=> text "set" ]

                  let offering (next: RequestDelegate) = SessionMiddleware("web", null).Around next
                  use! app = start { host site with Server = server; Services = outside offering }
                  let browser = app.NewBrowser()
                  let! set = browser.Get "/"
                  Expect.equal set.Body "set" "offered"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "3" "stored"
              })

          onBoth "promise 12: its session is the one of the handlers" (fun server ->
              task {
                  let counting (next: RequestDelegate) =
                      RequestDelegate(fun context ->
                          task {
                              let scope = context.GetSessionScope "web"
                              let! _ = scope.Load CancellationToken.None
                              do! next.Invoke context
                          })

                  let site = choose [ route "/show" >=> shownVisits; withSession "web" count ]
                  use! app = start { host site with Server = server; Services = outside counting }
                  let browser = app.NewBrowser()
                  let! first = browser.Get "/"
                  let! second = browser.Get "/"
                  Expect.equal (first.Body, second.Body) ("1", "2") "counted"
                  Expect.equal (List.length first.SetCookies) 1 "one cookie"
              }) ]

/// Runs what follows with a context of its own on the same features, then goes on with the first one.
let private aside (inside: HttpContext -> Task) : HttpHandler =
    perform (fun context ->
        task {
            let other = DefaultHttpContext context.Features
            do! inside other
        })

let private shared =
    testList
        "contexts that share their features"
        [ onBoth "promise 13: the first one keeps its open session when the other one asked for its own" (fun server ->
              task {
                  let set (visits': int) (context: HttpContext) : Task =
                      context.SetSession(context.GetSession "web" |> Session.set visits visits')
                      Task.CompletedTask

                  let asking (context: HttpContext) : Task =
                      task {
                          let! _ = context.LoadSessionAsync "admin"
                          ()
                      }

                  let site =
                      choose
                          [ route "/show" >=> shownVisits
                            useSession "web" >=> perform (set 1) >=> aside asking >=> perform (set 2) >=> text "set" ]

                  use! app = start { host site with Server = server }
                  let browser = app.NewBrowser()
                  let! set = browser.Get "/"
                  Expect.equal (set.Body, List.length set.SetCookies) ("set", 1) "one session"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "2" "the last one that was set"
              })

          onBoth "promise 12: each has one session, whoever asks in between" (fun server ->
              task {
                  let counting (context: HttpContext) : Task =
                      context.UpdateSessionAsync("web", Session.update visits 0 ((+) 1))

                  let site =
                      choose
                          [ route "/show" >=> shownVisits
                            route "/begin" >=> updateSession "web" (Session.set visits 0) >=> text "begun"
                            perform counting >=> aside counting >=> perform counting >=> text "counted" ]

                  use! app = start { host site with Server = server }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/begin"
                  let! _ = browser.Get "/"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "3" "counted"
              }) ]

let private endpoints =
    testList
        "a middleware that offers its session to some endpoints"
        [ onBoth
              "promise 12: passed again for another endpoint, it drops nothing that was set outside of it"
              (fun server ->
                  task {
                      let isFor (context: HttpContext) = context.Request.Path <> PathString "/missing"

                      let setting (next: RequestDelegate) =
                          RequestDelegate(fun context ->
                              task {
                                  let scope = context.GetSessionScope "web"
                                  let! _ = scope.Load CancellationToken.None

                                  if not (context.Request.Path = PathString "/show") then
                                      scope.Set(scope.Show() |> Session.set visits 4)

                                  do! next.Invoke context
                              })

                      let pipeline (app: IApplicationBuilder) =
                          app.Use(fun (next: RequestDelegate) -> SessionMiddleware("web", null).Around next) |> ignore
                          app.Use(fun (next: RequestDelegate) -> setting next) |> ignore
                          app.Use(fun (next: RequestDelegate) -> again next) |> ignore
                          app.Use(fun (next: RequestDelegate) -> SessionMiddleware("web", isFor).Around next) |> ignore

                      let site =
                          choose
                              [ route "/show" >=> shownVisits
                                route "/error" >=> setStatusCode 200 >=> silent
                                setStatusCode 404 >=> silent ]

                      use! app = start { host site with Server = server; Pipeline = pipeline }
                      let browser = app.NewBrowser()
                      let! answer = browser.Get "/missing"
                      Expect.equal answer.Status 200 "the second run"
                      let! show = browser.Get "/show"
                      Expect.equal show.Body "4" "stored"
                  }) ]

[<Tests>]
let tests = testList "Pipeline" [ outer; shared; endpoints ]
