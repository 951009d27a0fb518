module Runa.Session.Tests.HttpContextExtensionsTests

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private does (action: HttpContext -> Task<string>) : HttpHandler =
    respond (fun context ->
        task {
            let! body = action context
            do! context.Response.WriteAsync body
        })

let private raises (handler: HttpHandler) (expected: string) =
    task {
        use! app = start { host handler with Pipeline = errorPage }
        let! answer = app.NewBrowser().Get "/"
        Expect.equal answer.Body $"error page: InvalidOperationException: {expected}" "the text"
        Expect.isEmpty answer.SetCookies "nothing was stored"
    }

let private mistakes =
    let cannotSet =
        "The session \"web\" cannot be set here, because nothing would commit it: put useSession \"web\" before this handler, or use ctx.UpdateSessionAsync."

    let notLoaded =
        "The session \"web\" is not loaded in this request: put useSession \"web\" before this handler, or use ctx.LoadSessionAsync."

    let stale =
        "ctx.SetSession was given a session \"web\" not made from the current one: after a commit or ctx.SetSession, call ctx.GetSession again and use the session that it returns."

    testList
        "used in the wrong place they raise, and say what to do"
        [ for name, handler, expected in
              [ "GetSession without useSession",
                does (fun ctx -> task { return Session.toJson (ctx.GetSession "web") }),
                notLoaded
                "SetSession without useSession",
                does (fun ctx ->
                    ctx.SetSession(Session.empty "web")
                    Task.FromResult ""),
                notLoaded
                "SetSession after LoadSessionAsync",
                does (fun ctx ->
                    task {
                        let! session = ctx.LoadSessionAsync "web"
                        ctx.SetSession(Session.set visits 1 session)
                        return ""
                    }),
                cannotSet
                "SetSession of a captured session",
                useSession "web"
                >=> does (fun ctx ->
                    ctx.SetSession(Session.set visits 1 (Session.empty "web"))
                    Task.FromResult ""),
                stale
                "SetSession of one from before a commit",
                useSession "web"
                >=> does (fun ctx ->
                    task {
                        let before = ctx.GetSession "web"
                        do! ctx.UpdateSessionAsync("web", (fun (session: Session) -> session |> Session.withLabel "x"))
                        do! ctx.UpdateSessionAsync("web", Session.remove visits)
                        ctx.SetSession(before |> Session.withLabel "y")
                        ctx.SetSession(Session.set visits 1 (Session.empty "web"))
                        return ""
                    }),
                stale
                "GetSession of an unknown name",
                does (fun ctx -> task { return Session.toJson (ctx.GetSession "adnim") }),
                "There is no session \"adnim\". Did you mean \"admin\"? Known: admin, api, web." ] do
              testCaseTask name (fun () -> raises handler expected) ]

let private updating =
    testList
        "UpdateSessionAsync"
        [ onBoth "answers what the step gave beside the session, or nothing" (fun server ->
              task {
                  let handler =
                      does (fun ctx ->
                          task {
                              do! ctx.UpdateSessionAsync("web", Session.set visits 41)
                              do!
                                  ctx.UpdateSessionAsync(
                                      "web",
                                      (fun session -> Session.update visits 0 ((+) 1) session)
                                  )

                              let! n =
                                  ctx.UpdateSessionAsync(
                                      "web",
                                      (fun session ->
                                          let n = Session.getOr visits 0 session
                                          Session.set visits (n * 2) session, n)
                                  )

                              let! session = ctx.LoadSessionAsync "web"
                              return $"{n} {Session.getOr visits 0 session}"
                          })

                  use! app = start { host handler with Server = server }
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal answer.Body "42 84" "both overloads"
                  Expect.equal (List.length answer.SetCookies) 1 "one cookie"
              })

          testCaseTask "takes flashes with what they held" (fun () ->
              task {
                  let handler =
                      choose
                          [ route "/flash" >=> updateSession "web" (Session.flash notice "hello") >=> text ""
                            does (fun ctx ->
                                task {
                                    let take session =
                                        let told, session = Session.takeFlashes notice session
                                        session, told

                                    let! told = ctx.UpdateSessionAsync("web", take)
                                    return String.concat "," told
                                }) ]

                  use! app = start (host handler)
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/flash"
                  let! first = browser.Get "/"
                  let! second = browser.Get "/"
                  Expect.equal (first.Body, second.Body) ("hello", "") "once"
              }) ]

let private started =
    let begun (after: HttpContext -> Task) : HttpHandler =
        useSession "web"
        >=> respond (fun context ->
            task {
                context.GetSession "web" |> ignore
                do! context.Response.WriteAsync "begun,"
                do! context.Response.Body.FlushAsync()

                let! told =
                    task {
                        try
                            do! after context
                            return "saved"
                        with :? InvalidOperationException as e ->
                            return e.Message
                    }

                do! context.Response.WriteAsync told
            })

    let change (commits: bool) (step: Session -> Session) =
        begun (fun context ->
            task {
                context.SetSession(step (context.GetSession "web"))

                if commits then
                    do! context.CommitSessionAsync "web"
            })

    let tooLate =
        "begun,The session \"web\" cannot be saved: this change must set or expire its cookie, but the response has started. Change the session before the first write. Nothing was saved."

    let site =
        choose
            [ route "/first" >=> withSession "web" count
              route "/show" >=> readSession "web" shown
              route "/commit" >=> change true (Session.update visits 0 ((+) 1))
              route "/end" >=> change false (Session.update visits 0 ((+) 1))
              route "/regenerate" >=> change true Session.regenerate
              route "/signin" >=> change true (Session.signIn "ann" >> Session.set visits 99)
              route "/destroy" >=> change true Session.destroy
              route "/lifetime" >=> change true (Session.withLifetime (ofHours 5.))
              route "/update" >=> begun (fun context -> context.UpdateSessionAsync("web", Session.set visits 7)) ]

    let ran (server: Server) (path: string) =
        task {
            let clock = clock ()
            let driver = TestDriver.Counting(memory clock)

            use! app =
                start
                    { host site with
                        Server = server
                        Clock = clock
                        Setup = SessionSetup.driver "memory" driver.Driver }

            let browser = app.NewBrowser()
            let! _ = browser.Get "/first"
            driver.Forget()
            let! answer = browser.Get path
            let writes = driver.Calls |> List.filter _.IsWrite
            let! shown = browser.Get "/show"
            return answer, writes, shown.Body
        }

    testList
        "after the response has started"
        [ for path, expected in [ "/commit", "2"; "/end", "2"; "/update", "7" ] do
              onBoth $"promise 13: a change that needs no cookie is saved: {path}" (fun server ->
                  task {
                      let! answer, _, shown = ran server path
                      Expect.equal answer.Body "begun,saved" "told so"
                      Expect.equal shown expected "and so it is"
                  })

          for path in [ "/regenerate"; "/signin"; "/destroy"; "/lifetime" ] do
              onBoth $"promise 14: one that needs a cookie raises before anything is stored: {path}" (fun server ->
                  task {
                      let! answer, writes, shown = ran server path
                      Expect.equal answer.Body tooLate "the text"
                      Expect.equal writes [] "no write"
                      Expect.equal shown "1" "as before"
                  })

          testCaseTask "a new session cannot begin there" (fun () ->
              task {
                  use! app = start (host (change true (Session.set visits 1)))
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal answer.Body tooLate "the text"
              })

          onBoth "server-sent events save one by one, while the response goes on" (fun server ->
              task {
                  let events: HttpHandler =
                      useSession "web"
                      >=> respond (fun context ->
                          task {
                              context.Response.ContentType <- "text/event-stream"

                              for _ in 1..3 do
                                  context.SetSession(context.GetSession "web" |> Session.update visits 0 ((+) 1))
                                  do! context.CommitSessionAsync "web"
                                  let! session = context.LoadSessionAsync "web"
                                  do! context.Response.WriteAsync $"data: {Session.getOr visits 0 session}\n\n"
                                  do! context.Response.Body.FlushAsync()
                          })

                  let site = choose [ route "/show" >=> readSession "web" shown; events ]
                  use! app = start { host site with Server = server }
                  let browser = app.NewBrowser()
                  let! answer = browser.Get "/"
                  Expect.equal answer.Body "data: 1\n\ndata: 2\n\ndata: 3\n\n" "all three"
                  let! show = browser.Get "/show"
                  Expect.equal show.Body "3" "stored"
              }) ]

[<Tests>]
let tests = testList "HttpContextExtensions" [ mistakes; updating; started ]
