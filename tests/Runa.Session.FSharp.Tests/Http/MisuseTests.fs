module Runa.Session.Tests.MisuseTests

open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.Tests.Handlers
open Runa.Session.TestSupport

let private mistake (handler: HttpHandler) (expected: string) =
    task {
        use! app = start { host handler with Pipeline = errorPage }
        let browser = app.NewBrowser()
        let! answer = browser.Get "/"
        Expect.equal answer.Body $"error page: InvalidOperationException: {expected}" "the text"
        Expect.isEmpty answer.SetCookies "nothing was stored"
    }

let private mistakes =
    let captured: Session = Session.empty "web" |> Session.set visits 1

    let foreign =
        "The step for \"web\" handed back a session not made from the one it was given: use its own argument."

    let other = "The step for \"web\" handed back the session \"admin\"."
    let admin = Session.empty "admin"

    testList
        "what a step hands back must be made from what it was given"
        [ for name, handler, expected in
              [ "withSession, another name", withSession "web" (fun _ -> admin, text "no"), other
                "withSession, a captured session", withSession "web" (fun _ -> captured, text "no"), foreign
                "updateSession, another name", updateSession "web" (fun _ -> admin) >=> text "no", other
                "updateSession, a captured session", updateSession "web" (fun _ -> captured) >=> text "no", foreign
                "withSessionTask, another name",
                withSessionTask "web" (fun _ _ -> Task.FromResult((admin, text "no"))),
                other
                "withSessionTask, a captured session",
                withSessionTask "web" (fun _ _ -> Task.FromResult((captured, text "no"))),
                foreign
                "UpdateSessionAsync, a captured session",
                respond (fun ctx -> ctx.UpdateSessionAsync("web", (fun (_: Session) -> captured))),
                foreign ] do
              testCaseTask name (fun () -> mistake handler expected)

          testCaseTask "withOwner, a captured session" (fun () ->
              task {
                  let guarded = withOwner "web" (text "nobody") (fun _ _ -> captured, text "no")
                  let site =
                      choose [ route "/login" >=> updateSession "web" (Session.signIn "ann") >=> text "in"; guarded ]
                  use! app = start { host site with Pipeline = errorPage }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/login?name=ann"
                  let! answer = browser.Get "/"
                  Expect.stringContains answer.Body foreign "the text"
              })

          testCaseTask "a session from an earlier request raises, even of the same browser" (fun () ->
              task {
                  let mutable kept: Session voption = ValueNone

                  let handler =
                      withSession "web" (fun session ->
                          match kept with
                          | ValueNone ->
                              kept <- ValueSome(Session.set visits 1 session)
                              kept.Value, text "kept"
                          | ValueSome earlier -> earlier, text "no")

                  use! app = start { host handler with Pipeline = errorPage }
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/"
                  let! answer = browser.Get "/"
                  Expect.stringContains answer.Body foreign "the text"
              }) ]

let private declining =
    let warning =
        "The session \"web\" was saved by a handler whose next handler then declined the request for /shop/a%0Ab: put route … before withSession."

    testList
        "a handler that declines"
        [ for name, handler in
              [ "withSession", withSession "web" (fun session -> fst (count session), skip)
                "updateSession", updateSession "web" (count >> fst) >=> skip
                "withSessionTask", withSessionTask "web" (fun _ session -> task { return fst (count session), skip })
                "useSession", useSession "web" >=> leave "web" >=> skip ] do
              testCaseTask $"after {name} saved, it is warned of" (fun () ->
                  task {
                      use! app = start (host (choose [ handler; text "another" ]))
                      let! answer = app.NewBrowser().Get "/shop/a%0Ab?q=private"
                      Expect.equal answer.Body "another" "the next one answers"
                      Expect.equal (List.length answer.SetCookies) 1 "what was saved has its cookie"
                      Expect.equal app.Logs.Warnings [ warning ] "one line"
                  })

          testCaseTask "when it has written before, its answer is not broken off as a 404" (fun () ->
              task {
                  let handler: HttpHandler =
                      fun _ context ->
                          task {
                              do! context.Response.WriteAsync "written"
                              return None
                          }

                  use! app = start { host handler with Server = Server.Kestrel }
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal (answer.Status, answer.Body) (200, "written") "the answer as it was begun"
              })

          testCaseTask "after nothing was saved, it is not warned of" (fun () ->
              task {
                  let handlers =
                      [ withSession "web" (fun session -> session, skip)
                        readSession "web" (fun _ -> skip)
                        withOwner "web" skip (fun _ session -> session, text "no")
                        useSession "web" >=> skip
                        text "another" ]

                  use! app = start (host (choose handlers))
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal answer.Body "another" "the last one answers"
                  Expect.equal app.Logs.Warnings [] "no line"
              }) ]

let private others =
    testList
        "and with ASP.NET Core"
        [ testCaseTask "ofResult makes a handler of a result" (fun () ->
              task {
                  let handler =
                      withSession "web" (fun session ->
                          Session.set visits 1 session, ofResult (Results.Json({| n = 1 |}, statusCode = 201)))

                  use! app = start (host handler)
                  let! answer = app.NewBrowser().Get "/"
                  Expect.equal (answer.Status, answer.Body) (201, "{\"n\":1}") "its status and body"
                  Expect.equal (List.length answer.SetCookies) 1 "with the cookie"
              })

          testCaseTask "a withSessionTask step that also calls ctx.SetSession for its session is told so" (fun () ->
              mistake
                  (useSession "web"
                   >=> withSessionTask "web" (fun ctx session ->
                       task {
                           ctx.SetSession(Session.set visits 7 session)
                           return session, text "no"
                       }))
                  "The step for \"web\" called ctx.SetSession for its own session: one of the two would be lost. Hand it back instead.")

          testCaseTask "promise 23: an unknown name raises, naming the nearest and the known" (fun () ->
              mistake
                  (withSession "wbe" count)
                  "There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web.")

          testCaseTask "without AddRunaSession it says what to call" (fun () ->
              task {
                  use! app = startBare { host (withSession "web" count) with Pipeline = errorPage }
                  let! answer = app.NewBrowser().Get "/"

                  Expect.equal
                      answer.Body
                      "error page: InvalidOperationException: Sessions are not configured: call services.AddRunaSession(…)."
                      "the text"
              }) ]

[<Tests>]
let tests = testList "Misuse" [ mistakes; declining; others ]
