/// Branches of choose: which of them touch a session, and which are asked too late.
module Runa.Session.Tests.ChooseTests

open Giraffe
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.GiraffeHosting

let private tooLate =
    "The session \"web\" was saved by a handler whose next handler then declined the request for /other: put route … before withSession."

let private site: HttpHandler =
    choose
        [ route "/counted" >=> withSession "web" count
          route "/used" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/task" >=> withSessionTask "web" (fun _ session -> task { return count session })
          GET >=> route "/verb" >=> withSession "web" count
          POST >=> choose [ route "/verb" >=> updateSession "web" add >=> text "posted" ]
          route "/owner" >=> withOwner "web" (text "nobody") (fun owner session -> session, text owner)
          route "/none" >=> text "no session" ]

/// The session's handlers stand before what decides.
let private late: HttpHandler =
    choose
        [ updateSession "web" add >=> route "/one" >=> text "one"
          withSession "web" (fun session -> add session, route "/two" >=> text "two")
          useSession "web" >=> leave "web" >=> route "/three" >=> text "three"
          readSession "web" shown ]

let private reading: HttpHandler =
    choose
        [ readSession "web" (fun _ -> route "/one" >=> text "one")
          useSession "web" >=> route "/two" >=> text "two"
          withSession "web" (fun session -> session, route "/three" >=> text "three")
          text "the last" ]

[<Tests>]
let tests =
    testList
        "choose"
        [ testCaseTask "promise 8: a branch that a route declines before has touched no session" (fun () ->
              counting (giraffe site) (fun app browser driver ->
                  task {
                      let! _ = browser.Get "/counted"
                      driver.Forget()
                      let! answer = browser.Get "/none"
                      expectBody "no session" "the last branch answers" answer
                      Expect.isEmpty driver.Calls "though six stand before it, the store is not asked"
                      Expect.equal
                          (answer.SetCookies, answer.Header "Vary")
                          ([], "")
                          "nor does the response know of it"
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "only the branch that answers saves" (fun () ->
              counting (giraffe site) (fun app browser driver ->
                  task {
                      let! _ = browser.Get "/counted"

                      for path, calls in
                          [ "/used", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/task", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/verb", [ StoreOperation.Load; StoreOperation.Replace ]
                            "/owner", [ StoreOperation.Load ] ] do
                          driver.Forget()
                          let! _ = browser.Get path
                          Expect.equal driver.Calls calls path

                      let! posted = browser.Send(System.Net.Http.HttpMethod.Post, "/verb")
                      expectBody "posted" "by its verb" posted
                      let! counted = browser.Get "/counted"
                      expectBody "6" "each once" counted
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "a branch that declines after its commit logs a warning, and the next is asked" (fun () ->
              visiting (giraffe late) (fun app browser ->
                  task {
                      let! first = browser.Get "/one"
                      expectBody "one" "the first answers" first
                      Expect.isEmpty app.Logs.Warnings "in time"
                      let! other = browser.Get "/other"
                      expectBody "4" "the last sees all that the declined ones saved" other
                      Expect.hasLength app.Logs.Warnings 3 "one for each branch"

                      for warning in app.Logs.Warnings do
                          Expect.equal warning tooLate "and says what to do"
                  }))

          testCaseTask "one that declines and has saved nothing logs no warning" (fun () ->
              visiting (giraffe reading) (fun app browser ->
                  task {
                      let! answer = browser.Get "/other"
                      expectBody "the last" "answers" answer
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "where all decline, the next middleware answers" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! answer = browser.Get "/nowhere"
                      Expect.equal answer.Status 404 "not found"
                  })) ]
