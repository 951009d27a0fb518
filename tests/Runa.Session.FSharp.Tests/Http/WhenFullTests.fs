module Runa.Session.Tests.WhenFullTests

open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private site: HttpHandler =
    choose
        [ route "/in"
          >=> whenFull
                  (setStatusCode 409 >=> text "too many")
                  (updateSession "web" (Session.signIn "ann") >=> text "in")
          route "/raw" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/used"
          >=> useSession "web"
          >=> fun next ctx ->
              ctx.GetSession "web" |> Session.signIn "ann" |> ctx.SetSession
              text "in" next ctx
          route "/count" >=> withSession "web" count
          route "/other"
          >=> whenFull (text "too many") (raising (System.InvalidOperationException "another failure")) ]

let private limited (most: int) (o: SessionSettings) = { o with MaxSessions = Some most; WhenFull = WhenFull.Refuse }

let private started () = start { host site with Setup = SessionSetup.session "web" (limited 1); Pipeline = errorPage }

let private get (browser: Browser) path =
    task {
        let! answer = browser.Get path
        return answer.Status, answer.Body
    }

[<Tests>]
let tests =
    testList
        "whenFull"
        [ testCaseTask "a refused sign-in gets the other handler, and its session stays as it was" (fun () ->
              task {
                  use! app = started ()
                  let first, second = app.NewBrowser(), app.NewBrowser()
                  let! one = get first "/in"
                  Expect.equal one (200, "in") "the first"
                  let! _ = get second "/count"
                  let before = second.Cookies
                  let! two = get second "/in"
                  Expect.equal two (409, "too many") "the second"
                  Expect.equal second.Cookies before "its cookie"
                  let! counted = get second "/count"
                  Expect.equal counted (200, "2") "its values"
              })

          testCaseTask "without it the exception says what the limit is, and nothing is written" (fun () ->
              task {
                  use! app = started ()
                  let! _ = get (app.NewBrowser()) "/in"

                  for path in [ "/raw"; "/used" ] do
                      let! answer = app.NewBrowser().Get path

                      Expect.equal
                          answer.Body
                          "error page: SessionLimitException: The owner has 1 sessions \"web\", which is the limit (max_sessions), so the sign-in was refused. Nothing was saved."
                          path

                      Expect.isEmpty answer.SetCookies path
              })

          testCaseTask "another exception passes" (fun () ->
              task {
                  use! app = started ()
                  let! answer = get (app.NewBrowser()) "/other"
                  Expect.equal answer (500, "error page: InvalidOperationException: another failure") "passes"
              }) ]
