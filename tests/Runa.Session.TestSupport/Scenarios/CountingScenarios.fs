/// Each handler of the library by itself: what it stores, what it sends, and when.
module Runa.Session.TestSupport.Scenarios.CountingScenarios

open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text, count, shown = flavour.Route, flavour.Text, count flavour, shown flavour

    let bought: HttpHandler =
        withSessionTask "web" (fun ctx session ->
            task {
                do! Task.Yield()
                let sku = string ctx.Request.Query["sku"]
                return Session.set notice sku session, flavour.SetHeader "X-Bought" sku >=> text "thank you"
            })

    flavour.Choose
        [ route "/" >=> withSession "web" count
          route "/show" >=> flavour.SetHeader "X-Before" "1" >=> readSession "web" shown
          route "/updated" >=> updateSession "web" add >=> readSession "web" shown
          route "/buy" >=> bought
          route "/left" >=> useSession "web" >=> leave "web" >=> flavour.SetStatusCode 201 >=> text "left"
          route "/result" >=> updateSession "web" add >=> ofResult (Results.Text "a result")
          flavour.SubRoute
              "/shop"
              (useSession "web"
               >=> flavour.Choose
                       [ flavour.SubRoute
                             "/cart"
                             (leave "web" >=> flavour.Choose [ route "/add" >=> text "added"; route "" >=> text "cart" ])
                         route "/count" >=> got flavour "web" ])
          flavour.SubRoute
              "/admin"
              (useSession "admin"
               >=> flavour.Choose
                       [ route "/leave" >=> leave "admin" >=> text "left"; route "/count" >=> got flavour "admin" ]) ]

let scenarios (flavour: Flavour) : Test =
    let onSite server visit = Flavour.visiting flavour { Flavour.site (handler flavour) with Server = server } visit

    testList
        "counting"
        [ onBoth "promise 13: withSession commits before the handler beside it answers" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! first = browser.Get "/"
                      let! second = browser.Get "/"
                      expectBody "1" "counted" first
                      expectBody "2" "counted" second
                      Expect.equal (List.length first.SetCookies, second.SetCookies) (1, []) "one cookie, once"
                  }))

          testCaseTask "promise 13: updateSession goes on with what follows, which sees the change" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/updated"
                      expectBody "1" "the reader behind it sees the visit" answer
                  }))

          testCaseTask "promise 8: readSession writes nothing, and sets no cookie" (fun () ->
              Flavour.counting flavour (Flavour.site (handler flavour)) (fun _ browser driver ->
                  task {
                      let! stranger = browser.Get "/show"
                      expectBody "0" "a stranger" stranger
                      Expect.equal stranger.SetCookies [] "stays one"
                      Expect.equal (stranger.Header "X-Before") "1" "the handler before it ran"
                      Expect.isEmpty driver.Calls "the store is not asked about a stranger"
                      let! _ = browser.Get "/"
                      driver.Forget()
                      let! known = browser.Get "/show"
                      expectBody "1" "a visitor is read" known
                      Expect.equal driver.Calls [ StoreOperation.Load ] "once, and nothing is written"
                  }))

          testCaseTask "withSessionTask runs once, and its handler composes" (fun () ->
              onSite Server.InMemory (fun app browser ->
                  task {
                      let! answer = browser.Get "/buy?sku=tea"
                      expectBody "thank you" "answered" answer
                      Expect.equal (answer.Header "X-Bought") "tea" "by the handlers beside the step"
                      let cookies = CookieJar.header browser.Cookies
                      let! session = app.Registry |> SessionRegistry.load "web" cookies CancellationToken.None
                      Expect.equal (Session.tryGet notice session) (Some "tea") "stored"
                  }))

          onBoth "promise 13: what is left behind useSession is committed before the first byte" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! left = browser.Get "/left"
                      Expect.equal (left.Status, left.Body) (201, "left") "answered"
                      Expect.equal (List.length left.SetCookies) 1 "with the cookie"
                      let! show = browser.Get "/show"
                      expectBody "1" "and stored" show
                  }))

          testCaseTask "ofResult ends a pipeline with a result of ASP.NET Core" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! answer = browser.Get "/result"
                      expectBody "a result" "answered" answer
                  }))

          onBoth "useSession before a subRoute serves everything below it" (fun server ->
              onSite server (fun app browser ->
                  task {
                      let! added = browser.Get "/shop/cart/add"
                      expectBody "added" "two levels down" added
                      let! cart = browser.Get "/shop/cart"
                      expectBody "cart" "one level down" cart
                      let! counted = browser.Get "/shop/count"
                      expectBody "2" "committed at the end, both" counted
                      Expect.isEmpty app.Logs.Warnings "nothing is wrong"
                  }))

          onBoth "promise 22: two names below two subRoutes live side by side" (fun server ->
              onSite server (fun _ browser ->
                  task {
                      let! _ = browser.Get "/shop/cart/add"
                      let! _ = browser.Get "/admin/leave"
                      let! left = browser.Get "/admin/leave"
                      expectBody "left" "of its own" left
                      let! admin = browser.Get "/admin/count"
                      expectBody "2" "counted under admin" admin
                      let! shop = browser.Get "/shop/count"
                      expectBody "1" "and apart from web, which is as it was" shop
                      let! web = browser.Get "/"
                      expectBody "2" "wherever web is asked for" web
                      Expect.equal browser.Cookies.Count 2 "two cookies"
                  }))

          testCaseTask "promise 12: a hundred visits at once are a hundred visits" (fun () ->
              onSite Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! answers = Task.WhenAll [ for _ in 1..100 -> browser.Copy().Get "/" ]
                      let counted = answers |> Array.map (fun answer -> int answer.Body) |> Array.sort |> List.ofArray
                      Expect.equal counted [ 2..101 ] "each is counted, none twice"
                  })) ]
