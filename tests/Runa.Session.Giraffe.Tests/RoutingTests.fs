/// warbler, verbs and the routes that parse.
module Runa.Session.Tests.RoutingTests

open Giraffe
open Expecto
open Runa.Session
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.TestSupport

let private trail = SessionKey.create<string list> "trail"

let private note (place: string) = updateSession "web" (Session.update trail [] (fun all -> all @ [ place ]))

let private told =
    readSession "web" (fun session -> text (String.concat " " (Session.getOr trail [] session)))

let private site: HttpHandler =
    choose
        [ route "/warbled" >=> warbler (fun (_, ctx) -> note (string ctx.Request.Query["at"]) >=> told)
          routef "/items/%i/%s" (fun (number, name) -> note $"{number}:{name}" >=> told)
          routeStartsWith "/wild" >=> note "wild" >=> told
          GET >=> route "/verb" >=> withSession "web" count
          POST >=> choose [ route "/verb" >=> updateSession "web" add >=> text "posted" ]
          subRoutef "/of/%s" (fun owner -> updateSession "web" (Session.signIn owner) >=> route "/in" >=> text owner) ]

[<Tests>]
let tests =
    testList
        "Routing"
        [ testCaseTask "a step made in a warbler is made anew for each request" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! _ = browser.Get "/warbled?at=here"
                      let! answer = browser.Get "/warbled?at=there"
                      expectBody "here there" "each with its own query" answer
                  }))

          testCaseTask "routes that parse hand their values to a step" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! _ = browser.Get "/items/7/tea"
                      let! _ = browser.Get "/wild/and/free"
                      let! answer = browser.Get "/items/8/two%20words"
                      expectBody "7:tea wild 8:two words" "all three" answer
                  }))

          testCaseTask "only the branch of its verb saves" (fun () ->
              counting (giraffe site) (fun app browser driver ->
                  task {
                      let! counted = browser.Get "/verb"
                      expectBody "1" "counted" counted
                      driver.Forget()
                      let! posted = browser.Send(System.Net.Http.HttpMethod.Post, "/verb")
                      expectBody "posted" "by its verb" posted
                      Expect.equal driver.Calls [ StoreOperation.Load; StoreOperation.Replace ] "once"
                      let! counted = browser.Get "/verb"
                      expectBody "3" "each once" counted
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "a subRoutef behind a commit that finds nothing logs the warning" (fun () ->
              visiting (giraffe site) (fun app browser ->
                  task {
                      let! found = browser.Get "/of/ann/in"
                      expectBody "ann" "found" found
                      Expect.isEmpty app.Logs.Warnings "in time"
                      let! missing = browser.Get "/of/ann/out"
                      Expect.equal missing.Status 404 "nobody answers"
                      Expect.hasLength app.Logs.Warnings 1 "the sign-in was saved too early"
                  })) ]
