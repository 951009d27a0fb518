/// Requests that pass the pipeline more than once, middleware outside of the library's first one, contexts that share
/// their features, and scopes that are kept when their request has ended.
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
let private shown = withSession "web" (fun session -> session, text $"{Session.getOr visits 0 session}")

let private outer =
    testList
        "a middleware outside of the library's first one"
        [ onBoth "promise 12, 13: runs the pipeline again, and both runs have one session" (fun server ->
              task {
                  let site =
                      choose
                          [ route "/show" >=> shown
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
                          [ route "/show" >=> shown
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

                  let site = choose [ route "/show" >=> shown; withSession "web" count ]
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
                          [ route "/show" >=> shown
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
                          [ route "/show" >=> shown
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
                              [ route "/show" >=> shown
                                route "/error" >=> setStatusCode 200 >=> silent
                                setStatusCode 404 >=> silent ]

                      use! app = start { host site with Server = server; Pipeline = pipeline }
                      let browser = app.NewBrowser()
                      let! answer = browser.Get "/missing"
                      Expect.equal answer.Status 200 "the second run"
                      let! show = browser.Get "/show"
                      Expect.equal show.Body "4" "stored"
                  }) ]

let private told (work: unit -> Task<unit>) : Task<string> =
    task {
        try
            do! work ()
            return "saved"
        with e ->
            return e.GetType().Name + ": " + e.Message
    }

let private step (change: Session -> Session) (scope: SessionScope) : Task<unit> =
    task {
        let step (session: Session) = struct (change session, ())
        let! _ = scope.Step(WhenGone.StepAgain, step, CancellationToken.None)
        ()
    }

/// Keeps its session's scope in the first request, and changes it in the next one of the same connection.
let private afterwards (prepare: HttpHandler) (change: Session -> Session) : HttpHandler * (SessionScope voption ref) =
    let kept = ref ValueNone

    let keep =
        prepare
        >=> perform (fun context ->
            task {
                let scope = context.GetSessionScope "web"
                let! _ = scope.Load CancellationToken.None
                kept.Value <- ValueSome scope
            })
        >=> text "kept"

    let late =
        respond (fun context ->
            task {
                let isSame = Object.ReferenceEquals(kept.Value.Value.GetHttpContext(), context)
                let! told = told (fun () -> step change kept.Value.Value)
                do! context.Response.WriteAsync $"{isSame} {told}"
            })

    choose [ route "/keep" >=> keep; route "/late" >=> late; route "/show" >=> shown ], kept

let private kept =
    testList
        "a scope that is kept when its request has ended"
        [ for name, prepare, change in
              [ "begin a session", (fun next context -> next context), Session.set visits 1
                "sign in", updateSession "web" (Session.set visits 5), Session.signIn "alice"
                "move it to a new id", updateSession "web" (Session.set visits 5), Session.regenerate
                "end it", updateSession "web" (Session.set visits 5), Session.destroy ] do
              testCaseTask
                  $"promise 13, 14: cannot {name} in the next request of its context, which does not send its cookie"
                  (fun () ->
                      task {
                          let site, _ = afterwards prepare change
                          let clock = clock ()
                          let driver = TestDriver.Counting(memory clock)

                          use! app =
                              start
                                  { host site with
                                      Server = Server.Kestrel
                                      Clock = clock
                                      Setup = SessionSetup.driver "memory" driver.Driver }

                          let browser = app.NewBrowser()
                          let! _ = browser.Get "/keep"
                          driver.Forget()
                          let! late = app.NewBrowser().Get "/late"
                          Expect.stringStarts late.Body "True " "the server uses the context again"
                          Expect.stringContains late.Body "cannot be saved" "refused"
                          Expect.equal driver.Calls [] "nothing was written"
                          let! show = browser.Get "/show"
                          Expect.equal show.Body (if name = "begin a session" then "0" else "5") "as it was"
                      })

          testCaseTask "promise 13: changes its values, which needs no cookie" (fun () ->
              task {
                  let site, _ = afterwards (updateSession "web" (Session.set visits 5)) (Session.set visits 6)
                  use! app = start { host site with Server = Server.Kestrel }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/keep"
                  let! late = app.NewBrowser().Get "/late"
                  Expect.equal late.Body "True saved" "saved"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "6" "there"
              })

          for server in [ Server.InMemory; Server.Kestrel ] do
              testCaseTask $"promise 14: says so between two requests, on {server}" (fun () ->
                  task {
                      let site, kept = afterwards (fun next context -> next context) (Session.set visits 1)
                      use! app = start { host site with Server = server }
                      let! _ = app.NewBrowser().Get "/keep"
                      let mutable told' = ""

                      // The server ends the request a moment after its answer.
                      while not (told'.Contains "InvalidOperation") && not (told'.Contains "Disposed") do
                          let! told = told (fun () -> step (Session.set visits 1) kept.Value.Value)
                          told' <- told

                      Expect.stringContains told' "cannot be saved" "refused"
                  }) ]

[<Tests>]
let tests = testList "Pipeline" [ outer; shared; endpoints; kept ]
