/// Branches that decline: which of them touch a session, and which are asked too late.
module Runa.Session.TestSupport.Scenarios.DecliningScenarios

open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private tooLate (path: string) =
    $"The session \"web\" was saved by a handler whose next handler then declined the request for {path}: put route … before withSession."

let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text, count = flavour.Route, flavour.Text, count flavour

    flavour.Choose
        [ route "/counted" >=> withSession "web" count
          route "/used" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/task" >=> withSessionTask "web" (fun _ session -> task { return count session })
          route "/updated" >=> updateSession "web" add >=> text "updated"
          route "/owner" >=> withOwner "web" (text "nobody") (fun owner session -> session, text owner)
          flavour.SubRoute "/below" (useSession "web" >=> route "/here" >=> leave "web" >=> text "here")
          flavour.SubRoute "/late" (updateSession "web" (Session.signIn "ann") >=> route "/in" >=> text "ann")
          route "/none" >=> text "no session" ]

/// The session's handlers stand before what decides.
let private late (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text = flavour.Route, flavour.Text

    flavour.Choose
        [ updateSession "web" add >=> route "/one" >=> text "one"
          withSession "web" (fun session -> add session, route "/two" >=> text "two")
          useSession "web" >=> leave "web" >=> route "/three" >=> text "three"
          readSession "web" (shown flavour) ]

let private reading (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text = flavour.Route, flavour.Text

    flavour.Choose
        [ readSession "web" (fun _ -> route "/one" >=> text "one")
          useSession "web" >=> route "/two" >=> text "two"
          withSession "web" (fun session -> session, route "/three" >=> text "three")
          text "the last" ]

let scenarios (flavour: Flavour) : Test =
    let visiting handler visit = Flavour.visiting flavour (Flavour.site (handler flavour)) visit
    let counting visit = Flavour.counting flavour (Flavour.site (handler flavour)) visit

    testList
        "declining"
        [ testCaseTask "promise 8: a branch that a route declines before has touched no session" (fun () ->
              counting (fun app browser driver ->
                  task {
                      let! _ = browser.Get "/counted"
                      driver.Forget()
                      let! answer = browser.Get "/none"
                      expectBody "no session" "the last branch answers" answer
                      Expect.isEmpty driver.Calls "though seven stand before it, the store is not asked"
                      Expect.equal
                          (answer.SetCookies, answer.Header "Vary")
                          ([], "")
                          "nor does the response know of it"
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "only the branch that answers saves" (fun () ->
              counting (fun app browser driver ->
                  task {
                      let! _ = browser.Get "/counted"

                      for path, calls in
                          [ "/used", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/task", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/updated", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/owner", [ StoreOperation.Load ] ] do
                          driver.Forget()
                          let! _ = browser.Get path
                          Expect.equal driver.Calls calls path

                      let! counted = browser.Get "/counted"
                      expectBody "5" "each once" counted
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "a branch that declines after its commit logs a warning, and the next is asked" (fun () ->
              visiting late (fun app browser ->
                  task {
                      let! first = browser.Get "/one"
                      expectBody "one" "the first answers" first
                      Expect.isEmpty app.Logs.Warnings "in time"
                      let! other = browser.Get "/other"
                      expectBody "4" "the last sees all that the declined ones saved" other
                      Expect.hasLength app.Logs.Warnings 3 "one for each branch"

                      for warning in app.Logs.Warnings do
                          Expect.equal warning (tooLate "/other") "and says what to do"
                  }))

          testCaseTask "one that declines and has saved nothing logs no warning" (fun () ->
              visiting reading (fun app browser ->
                  task {
                      let! answer = browser.Get "/other"
                      expectBody "the last" "answers" answer
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "where all decline, it is 404" (fun () ->
              visiting handler (fun _ browser ->
                  task {
                      let! answer = browser.Get "/nowhere"
                      Expect.equal (answer.Status, answer.Body) (404, "") "nobody answers"
                  }))

          testCaseTask "promise 8: a subRoute that finds nothing below useSession leaves no session" (fun () ->
              counting (fun _ browser driver ->
                  task {
                      let! answer = browser.Get "/below/nowhere"
                      Expect.equal (answer.Status, answer.SetCookies) (404, []) "not found, and no cookie"
                      Expect.isEmpty driver.Calls "a stranger costs the store nothing"
                  }))

          testCaseTask "a subRoute behind a commit that finds nothing logs the warning" (fun () ->
              visiting handler (fun app browser ->
                  task {
                      let! found = browser.Get "/late/in"
                      expectBody "ann" "found" found
                      Expect.isEmpty app.Logs.Warnings "in time"
                      let! missing = browser.Get "/late/out"
                      Expect.equal missing.Status 404 "nobody answers"
                      Expect.hasLength app.Logs.Warnings 1 "the sign-in was saved too early"
                  })) ]
