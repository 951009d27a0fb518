/// What the error handler of an application is given, and what survives its page.
module Runa.Session.TestSupport.Scenarios.ErrorScenarios

open System
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text, count = flavour.Route, flavour.Text, count flavour

    let stream =
        respond (fun ctx -> ctx.Response.Body.WriteAsync(Array.zeroCreate<byte> 100_000, 0, 100_000))
    let empty = respond (fun _ -> Task.CompletedTask)

    flavour.Choose
        [ route "/show" >=> readSession "web" (shown flavour)
          route "/count" >=> withSession "web" count
          route "/update" >=> updateSession "web" add >=> text "updated"
          route "/task" >=> withSessionTask "web" (fun _ session -> Task.FromResult(count session))
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/stream" >=> useSession "web" >=> leave "web" >=> stream
          route "/empty" >=> useSession "web" >=> leave "web" >=> flavour.SetStatusCode 204 >=> empty
          route "/guarded" >=> withOwner "web" (text "nobody") (fun owner session -> session, text owner)
          route "/login" >=> updateSession "web" (Session.signIn "ann") >=> text "welcome"
          route "/logout" >=> updateSession "web" Session.signOut >=> text "bye"
          route "/stored" >=> updateSession "web" add >=> raising (InvalidOperationException "after")
          route "/discarded"
          >=> useSession "web"
          >=> leave "web"
          >=> raising (InvalidOperationException "behind")
          route "/large" >=> updateSession "web" (Session.set notice (String('x', 70_000))) >=> text "saved" ]

let private storeFails counting =
    onBoth "promise 14: SessionStoreException reaches the error handler with nothing sent" (fun server ->
        counting server (fun _ (browser: Browser) (driver: TestDriver) ->
            task {
                let! _ = browser.Get "/count"
                let before = browser.Cookies
                let reading = [ "/show"; "/guarded"; "/count" ]
                let writing = [ "/count"; "/update"; "/task"; "/left"; "/stream"; "/empty"; "/login"; "/logout" ]

                for paths, operations in
                    [ reading, [ StoreOperation.Load ]
                      writing, [ StoreOperation.Replace; StoreOperation.Create; StoreOperation.Delete ] ] do
                    driver.Behave <- TestDriver.Only(operations, Behaviour.FailBefore)

                    for path in paths do
                        let! answer = browser.Get path
                        expectError "SessionStoreException" path answer
                        Expect.isEmpty answer.SetCookies $"{path}: and no cookie"

                driver.Behave <- fun _ -> Behaviour.Pass
                Expect.equal browser.Cookies before "the browser holds what it held"
                let! counted = browser.Get "/show"
                expectBody "1" "promise 25: and it is there when the store is back" counted
            }))

let private conflict counting =
    testCaseTask "SessionConflictException reaches the error handler" (fun () ->
        counting Server.InMemory (fun _ (browser: Browser) (driver: TestDriver) ->
            task {
                let! _ = browser.Get "/login"
                let other = browser.Copy()
                let gate = TaskCompletionSource()
                let entered = TaskCompletionSource()

                driver.Behave <-
                    fun operation ->
                        if operation = StoreOperation.Replace then
                            entered.TrySetResult() |> ignore
                            Behaviour.Wait gate.Task
                        else
                            Behaviour.Pass

                // It is signed out elsewhere while its change is on the way.
                let late = browser.Get "/count"
                do! entered.Task
                let! _ = other.Get "/logout"
                gate.SetResult()
                let! answer = late
                expectError "SessionConflictException" "/count" answer
            }))

let scenarios (flavour: Flavour) : Test =
    let site server = { Flavour.site (handler flavour) with Server = server }
    let visiting server visit = Flavour.visiting flavour (site server) visit
    let counting server visit = Flavour.counting flavour (site server) visit

    testList
        "error handlers"
        [ storeFails counting
          conflict counting

          testCaseTask
              "promise 18: SessionTooLargeException reaches the error handler, and nothing is stored"
              (fun () ->
                  counting Server.InMemory (fun _ browser driver ->
                      task {
                          let! answer = browser.Get "/large"
                          expectError "SessionTooLargeException" "/large" answer
                          Expect.isEmpty driver.Calls "the store is not asked"
                      }))

          onBoth
              "promise 20: a stored session's cookie survives the error page, which clears the response"
              (fun server ->
                  visiting server (fun _ browser ->
                      task {
                          let! answer = browser.Get "/stored"
                          expectError "InvalidOperationException" "/stored" answer
                          Expect.hasLength answer.SetCookies 1 "the cookie is sent"
                          let! shown = browser.Get "/show"
                          expectBody "1" "it leads to what was stored" shown
                      }))

          testCaseTask "promise 15: an exception behind useSession discards what was not committed" (fun () ->
              visiting Server.InMemory (fun _ browser ->
                  task {
                      let! _ = browser.Get "/count"
                      let! answer = browser.Get "/discarded"
                      expectError "InvalidOperationException" "/discarded" answer
                      let! shown = browser.Get "/show"
                      expectBody "1" "as it was" shown
                  })) ]
