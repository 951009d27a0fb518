module Runa.Session.Tests.RequestSessionTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private a = SessionKey.create<int> "a"
let private b = SessionKey.create<int> "b"

let private setOn (name: string) (key: SessionKey<int>) (value: int) : HttpHandler =
    perform (fun context ->
        context.SetSession(context.GetSession name |> Session.set key value)
        Task.CompletedTask)

let private json = readSession "web" (Session.toJson >> text)

let private useSessionTests =
    testList
        "useSession"
        [ testCaseTask "promise 8, 25: without a cookie nothing is loaded" (fun () ->
              task {
                  let clock = clock ()
                  let driver = TestDriver.Counting(memory clock)

                  use! app =
                      start
                          { host (useSession "web" >=> text "hello") with
                              Clock = clock
                              Setup = SessionSetup.driver "memory" driver.Driver }

                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal answer.Body "hello" "answered"
                  Expect.equal driver.Calls [] "no store call"
                  Expect.equal answer.SetCookies [] "no cookie"
              })

          onBoth "an exception that passes through discards what was not committed" (fun server ->
              task {
                  let handler =
                      choose
                          [ route "/json" >=> json
                            useSession "web"
                            >=> route "/fails"
                            >=> setOn "web" a 1
                            >=> raising (ApplicationException "no")
                            useSession "web" >=> setOn "web" b 2 >=> text "set" ]

                  use! app = start { host handler with Server = server; Pipeline = errorPage }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/"
                  let! failed = browser.Get "/fails"
                  Expect.equal
                      (failed.Status, failed.Body)
                      (500, "error page: ApplicationException: no")
                      "the error page"
                  let! json = browser.Get "/json"
                  Expect.equal json.Body "{\"b\":2}" "only the other one"
              })

          testCaseTask "what was committed before the exception stays" (fun () ->
              task {
                  let handler =
                      useSession "web"
                      >=> setOn "web" a 1
                      >=> perform (fun context -> context.CommitSessionAsync "web")
                      >=> setOn "web" b 2
                      >=> raising (ApplicationException "no")

                  let site = choose [ route "/json" >=> json; handler ]
                  use! app = start { host site with Pipeline = errorPage }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/"
                  let! json = browser.Get "/json"
                  Expect.equal json.Body "{\"a\":1}" "and has its cookie"
              })

          testCaseTask "promise 12: changes of different keys survive both ways, though the handlers overlap" (fun () ->
              task {
                  let entered = TaskCompletionSource()
                  let release = TaskCompletionSource()

                  let slow: HttpHandler =
                      perform (fun _ ->
                          entered.TrySetResult() |> ignore
                          release.Task)

                  let slowly =
                      SessionHandlers.withSessionTask "web" (fun _ session ->
                          task {
                              entered.TrySetResult() |> ignore
                              do! release.Task
                              return Session.set b 2 session, text "b"
                          })

                  let site =
                      choose
                          [ route "/json" >=> json
                            route "/first" >=> updateSession "web" (Session.set visits 1) >=> text "first"
                            route "/use" >=> useSession "web" >=> slow >=> setOn "web" a 1 >=> text "a"
                            route "/task" >=> slowly
                            route "/step" >=> updateSession "web" (Session.remove visits) >=> text "removed" ]

                  use! app = start (host site)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/first"
                  let using = browser.Copy().Get "/use"
                  let tasking = browser.Copy().Get "/task"
                  do! entered.Task
                  let! _ = browser.Copy().Get "/step"
                  release.SetResult()
                  let! _ = Task.WhenAll(using, tasking)
                  let! json = browser.Get "/json"
                  Expect.equal json.Body "{\"a\":1,\"b\":2}" "two set, one removed"
              }) ]

let private withRaised (raised: string ref) : HttpHandler =
    fun next context ->
        try
            context.GetSession "web" |> ignore
            next context
        with e ->
            raised.Value <- e.Message
            next context

let private several =
    testList
        "several names in one request"
        [ onBoth "promise 22: are stored on different drivers, each with its cookie" (fun server ->
              task {
                  let clock = clock ()
                  let second = TestDriver.Counting(memory clock)

                  let handler =
                      choose
                          [ route "/show"
                            >=> readSession "web" (fun web ->
                                readSession "admin" (fun admin -> text (Session.toJson web + Session.toJson admin)))
                            useSession "web"
                            >=> useSession "admin"
                            >=> setOn "web" a 1
                            >=> setOn "admin" b 2
                            >=> updateSession "api" (Session.set a 3)
                            >=> text "set" ]

                  use! app =
                      start
                          { host handler with
                              Server = server
                              Clock = clock
                              Setup =
                                  SessionSetup.driver "second" second.Driver
                                  >> SessionSetup.session "admin" (fun o -> { o with Driver = "second" }) }

                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/"
                  Expect.equal (List.length answer.SetCookies) 3 "three cookies"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "{\"a\":1}{\"b\":2}" "both stand"
                  Expect.equal (second.Count StoreOperation.Create) 1 "one of them on the second driver"
              })

          testCaseTask
              "promise 14, 22: when the second cannot be stored, the first one's cookie reaches the browser"
              (fun () ->
                  task {
                      let clock = clock ()
                      let broken = TestDriver.Failing(memory clock, [ StoreOperation.Create ])

                      let handler =
                          choose
                              [ route "/json" >=> json
                                useSession "web"
                                >=> useSession "admin"
                                >=> setOn "web" a 1
                                >=> setOn "admin" b 2
                                >=> text "set" ]

                      use! app =
                          start
                              { host handler with
                                  Clock = clock
                                  Pipeline = errorPage
                                  Setup =
                                      SessionSetup.driver "broken" broken.Driver
                                      >> SessionSetup.session "admin" (fun o -> { o with Driver = "broken" }) }

                      let browser = app.NewBrowser()
                      let! answer = browser.Get "/"
                      Expect.stringStarts answer.Body "error page: SessionStoreException" "an error"
                      Expect.equal (List.length answer.SetCookies) 1 "one was stored"
                      let! json = browser.Get "/json"
                      Expect.equal json.Body "{\"a\":1}" "and is there"
                  })

          testCaseTask "promise 14: what follows an inner useSession is watched for the outer one" (fun () ->
              task {
                  let clock = clock ()
                  let driver = TestDriver.Failing(memory clock, [ StoreOperation.Create ])

                  let writing: HttpHandler =
                      fun next context ->
                          task {
                              let! result = next context
                              do! context.Response.WriteAsync "too early"
                              return result
                          }

                  let silent = respond (fun _ -> Task.CompletedTask)

                  let handler = useSession "web" >=> writing >=> useSession "admin" >=> setOn "web" a 1 >=> silent

                  use! app =
                      start
                          { host handler with
                              Clock = clock
                              Pipeline = errorPage
                              Setup = SessionSetup.driver "memory" driver.Driver }

                  let! answer = app.NewBrowser().Get "/"
                  Expect.stringStarts answer.Body "error page: SessionStoreException" "not a bare 500"
              })

          testCaseTask "promise 22: a session's cookie is sent after another was asked for in vain" (fun () ->
              task {
                  let raised = ref ""
                  let handler = withRaised raised >=> withSession "admin" count
                  use! app = start (host handler)
                  let! answer = app.NewBrowser().Get "/"

                  Expect.equal
                      raised.Value
                      "The session \"web\" is not loaded in this request: put useSession \"web\" before this handler, or use ctx.LoadSessionAsync."
                      "the text for a beginner"

                  Expect.equal (List.length answer.SetCookies) 1 "the cookie of admin"
              }) ]

/// What was set before a run-once step, and is committed by the step itself, is not applied by the step's end again.
let private once =
    testList
        "set, then committed in a run-once step"
        [ let notes = SessionKey.create<string> "notes"

          let shown: HttpHandler =
              readSession "web" (fun session ->
                  text $"{Session.toJson session} {(fst (Session.takeFlashes notes session)).Length}")

          for name, change, expected in
              [ "a flash is queued once", Session.flash notes "hi", "{\"a\":1,\"b\":2} 2"
                "what the step committed is not cleared", Session.clear, "{\"a\":1,\"b\":2} 0"
                "a flash that was taken is no conflict", (Session.takeFlashes notes >> snd), "{\"a\":1,\"b\":2} 0" ] do
              testCaseTask $"promise 12: {name}" (fun () ->
                  task {
                      let handler: HttpHandler =
                          useSession "web"
                          >=> perform (fun context ->
                              task { context.SetSession(change (context.GetSession "web")) } :> Task)
                          >=> withSessionTask "web" (fun context session ->
                              task {
                                  do! context.UpdateSessionAsync("web", (fun (s: Session) -> Session.set b 2 s))
                                  return Session.set a 1 session, text "done"
                              })

                      let site =
                          choose
                              [ route "/show" >=> shown
                                route "/start" >=> updateSession "web" (Session.flash notes "first") >=> text "started"
                                handler ]

                      use! app = start { host site with Pipeline = errorPage }
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/start"
                      let! answer = browser.Get "/"
                      Expect.equal answer.Body "done" "no conflict"
                      let! stored = browser.Get "/show"
                      Expect.equal stored.Body expected "stored"
                  }) ]

[<Tests>]
let tests = testList "RequestSession" [ useSessionTests; several; once ]
