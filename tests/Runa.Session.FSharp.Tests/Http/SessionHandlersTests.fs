module Runa.Session.Tests.SessionHandlersTests

open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.Tests.Browsers
open Runa.Session.Tests.Drivers
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Hosting

// As design.md has them, without a type annotation.

let private home =
    withSession "web" (fun session ->
        let n = 1 + Session.getOr visits 0 session
        session |> Session.set visits n, text $"You have been here {n} times")

let private page view session =
    let notices, session = Session.takeFlashes notice session
    let told = String.concat "," notices
    session, text $"[{told}] {view session}"

let private logout = updateSession "web" Session.signOut >=> redirectTo false "/"

let private cart =
    withOwner "web" (redirectTo false "/login") (fun owner session -> page (fun _ -> $"cart of {owner}") session)

let private findUser (name: string) =
    task {
        do! Task.Yield()
        return if name = "ann" then Some name else None
    }

let private login: HttpHandler =
    fun next ctx ->
        task {
            match! findUser (ctx.Request.Query["name"].ToString()) with
            | Some user ->
                return!
                    (updateSession "web" (Session.signIn user >> Session.flash notice "Welcome")
                     >=> redirectTo false "/cart")
                        next
                        ctx
            | None -> return! (setStatusCode 401 >=> text "log in") next ctx
        }

let private adminPages: HttpHandler =
    choose
        [ route "/count" >=> leave "admin" >=> text "left"
          route "/" >=> fun _ ctx -> shown (ctx.GetSession "admin") (Some >> Task.FromResult) ctx ]

let private site =
    choose
        [ route "/" >=> home
          route "/login" >=> login
          route "/logout" >=> logout
          route "/cart" >=> cart
          route "/page" >=> withSession "web" (page (fun session -> string (Session.has visits session)))
          route "/bye"
          >=> updateSession "web" (Session.signOut >> Session.flash notice "Goodbye")
          >=> redirectTo false "/page"
          subRoute "/admin" (useSession "admin" >=> adminPages) ]

let private onSite (server: Server) (visit: App -> Browser -> Task<unit>) : Task<unit> =
    task {
        use! app = start { host site with Server = server }
        return! visit app (app.NewBrowser())
    }

let private reading =
    testList
        "as applications write them"
        [ onBoth "promise 13: a visitor is counted from request to request" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! second = browser.Get "/"
                      Expect.equal second.Body "You have been here 2 times" "counted"
                  }))

          onBoth "promise 13: the target of a redirect sees what the redirecting request stored" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! answer = browser.Get "/login?name=ann"
                      Expect.equal (answer.Status, answer.Header "Location") (302, "/cart") "redirected"
                      let! first = browser.Get "/cart"
                      Expect.equal first.Body "[Welcome] cart of ann" "signed in, with the flash"
                      let! second = browser.Get "/cart"
                      Expect.equal second.Body "[] cart of ann" "a flash is taken once"
                  }))

          testCaseTask "a step behind I/O that found nobody stores nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/login?name=eve"
                      Expect.equal (answer.Status, answer.SetCookies) (401, []) "refused, and no cookie"
                      let! refused = browser.Get "/cart"
                      Expect.equal (refused.Header "Location") "/login" "withOwner asks to sign in"
                  }))

          testCaseTask "promise 9: after the logout the old cookie is worth nothing" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/login?name=ann"
                      let stolen = browser.Copy()
                      let! answer = browser.Get "/logout"
                      Expect.equal (List.length answer.SetCookies) 1 "the cookie is expired"
                      Expect.isEmpty browser.Cookies "and gone"
                      let! refused = stolen.Get "/cart"
                      Expect.equal (refused.Header "Location") "/login" "no longer signed in"
                  }))

          testCaseTask "a Goodbye after signing out goes into a new session" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let before = browser.Cookies
                      let! _ = browser.Get "/bye"
                      Expect.notEqual browser.Cookies before "another cookie"
                      let! page = browser.Get "/page"
                      Expect.equal page.Body "[Goodbye] False" "the flash, and none of the old values"
                  }))

          onBoth "promise 22: a session of another name lives beside it, behind useSession" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! _ = browser.Get "/admin/count"
                      let! _ = browser.Get "/admin/count"
                      let! admin = browser.Get "/admin/"
                      let! web = browser.Get "/"
                      Expect.equal admin.Body "2" "counted under admin"
                      Expect.equal web.Body "You have been here 2 times" "and apart from web"
                      Expect.equal browser.Cookies.Count 2 "two cookies"
                  }))

          testCaseTask "an unknown path is 404, by toRequestDelegate" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/nowhere"
                      Expect.equal (answer.Status, answer.Body) (404, "") "nobody answers"
                  })) ]

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
                  let site = choose [ route "/login" >=> login; guarded ]
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
        "The session \"web\" was saved by a handler whose next handler then declined the request: put route … before withSession."

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
                      let! answer = app.NewBrowser().Get "/"
                      Expect.equal answer.Body "another" "the next one answers"
                      Expect.equal (List.length answer.SetCookies) 1 "what was saved has its cookie"
                      Expect.equal app.Logs.Warnings [ warning ] "one line"
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

          testCaseTask "promise 23: an unknown name raises, naming the nearest and the known" (fun () ->
              mistake
                  (withSession "wbe" count)
                  "There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web.")

          testCaseTask "without AddRunaSession it says what to call" (fun () ->
              task {
                  use! app = startBare { host home with Pipeline = errorPage }
                  let! answer = app.NewBrowser().Get "/"

                  Expect.equal
                      answer.Body
                      "error page: InvalidOperationException: Sessions are not configured: call services.AddRunaSession(…)."
                      "the text"
              }) ]

[<Tests>]
let tests = testList "SessionHandlers" [ reading; mistakes; declining; others ]
