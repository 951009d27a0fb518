/// warbler, subRoute and the routes that parse.
module Runa.Session.Tests.RoutingTests

open Giraffe
open Expecto
open Runa.Session
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
          subRoute
              "/shop"
              (useSession "web"
               >=> choose
                       [ subRoute
                             "/cart"
                             (leave "web" >=> choose [ route "/add" >=> text "added"; route "" >=> text "cart" ])
                         route "/count" >=> fun next ctx -> shown (ctx.GetSession "web") next ctx ])
          subRoute "/admin" (useSession "admin" >=> route "/count" >=> leave "admin" >=> text "admin")
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

          onBoth "useSession before a subRoute serves everything below it" (fun server ->
              visiting { giraffe site with Server = server } (fun app browser ->
                  task {
                      let! added = browser.Get "/shop/cart/add"
                      expectBody "added" "two levels down" added
                      let! cart = browser.Get "/shop/cart"
                      expectBody "cart" "one level down" cart
                      let! counted = browser.Get "/shop/count"
                      expectBody "2" "committed at the end, both" counted
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "promise 22: two names below two subRoutes live side by side" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! _ = browser.Get "/shop/cart/add"
                      let! admin = browser.Get "/admin/count"
                      expectBody "admin" "of its own" admin
                      let! shop = browser.Get "/shop/count"
                      expectBody "1" "the other is as it was" shop
                      Expect.equal browser.Cookies.Count 2 "two cookies"
                  }))

          testCaseTask "promise 8: a subRoute that finds nothing below useSession leaves no session" (fun () ->
              counting (giraffe site) (fun _ browser driver ->
                  task {
                      let! answer = browser.Get "/shop/nowhere"
                      Expect.equal (answer.Status, answer.SetCookies) (404, []) "not found, and no cookie"
                      Expect.isEmpty driver.Calls "a stranger costs the store nothing"
                  }))

          testCaseTask "a subRoute behind a commit that finds nothing logs the warning" (fun () ->
              visiting (giraffe site) (fun app browser ->
                  task {
                      let! found = browser.Get "/of/ann/in"
                      expectBody "ann" "found" found
                      Expect.isEmpty app.Logs.Warnings "in time"
                      let! missing = browser.Get "/of/ann/out"
                      Expect.equal missing.Status 404 "nobody answers"
                      Expect.hasLength app.Logs.Warnings 1 "the sign-in was saved too early"
                  })) ]
