/// What Giraffe's error handling middleware is given, and what survives its page.
module Runa.Session.Tests.ErrorHandlerTests

open System
open System.Threading.Tasks
open Giraffe
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.GiraffeHosting

let private site: HttpHandler =
    choose
        [ route "/show" >=> readSession "web" shown
          route "/count" >=> withSession "web" count
          route "/update" >=> updateSession "web" add >=> text "updated"
          route "/task" >=> withSessionTask "web" (fun _ session -> Task.FromResult(count session))
          route "/left" >=> useSession "web" >=> leave "web" >=> text "left"
          route "/stream"
          >=> useSession "web"
          >=> leave "web"
          >=> warbler (fun _ -> streamData true (new IO.MemoryStream(Array.zeroCreate<byte> 100_000)) None None)
          route "/json" >=> useSession "web" >=> leave "web" >=> json [ 1..1000 ]
          route "/empty" >=> useSession "web" >=> leave "web" >=> Successful.NO_CONTENT
          route "/guarded" >=> withOwner "web" (text "nobody") (fun owner session -> session, text owner)
          route "/login" >=> updateSession "web" (Session.signIn "ann") >=> text "welcome"
          route "/logout" >=> updateSession "web" Session.signOut >=> text "bye"
          route "/stored" >=> updateSession "web" add >=> raising (InvalidOperationException "after")
          route "/discarded"
          >=> useSession "web"
          >=> leave "web"
          >=> raising (InvalidOperationException "behind")
          route "/large" >=> updateSession "web" (Session.set notice (String('x', 70_000))) >=> text "saved" ]

let private expectError (name: string) (path: string) (answer: Answer) =
    Expect.equal (answer.Status, answer.Body) (503, $"error handler: {name}, sent: False") path

let private store =
    onBoth "promise 14: SessionStoreException reaches the error handler with nothing sent" (fun server ->
        counting { reported site with Server = server } (fun _ browser driver ->
            task {
                let! _ = browser.Get "/count"
                let before = browser.Cookies
                let reading = [ "/show"; "/guarded"; "/count" ]

                let writing =
                    [ "/count"; "/update"; "/task"; "/left"; "/stream"; "/json"; "/empty"; "/login"; "/logout" ]

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

let private conflict =
    testCaseTask "SessionConflictException reaches the error handler" (fun () ->
        counting (reported site) (fun _ browser driver ->
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

let private tooLarge =
    testCaseTask "promise 18: SessionTooLargeException reaches the error handler, and nothing is stored" (fun () ->
        counting (reported site) (fun _ browser driver ->
            task {
                let! answer = browser.Get "/large"
                expectError "SessionTooLargeException" "/large" answer
                Expect.isEmpty driver.Calls "the store is not asked"
            }))

let private survives =
    onBoth "promise 20: a stored session's cookie survives clearResponse of the error page" (fun server ->
        visiting { reported site with Server = server } (fun _ browser ->
            task {
                let! answer = browser.Get "/stored"
                expectError "InvalidOperationException" "/stored" answer
                Expect.hasLength answer.SetCookies 1 "the cookie is sent"
                let! shown = browser.Get "/show"
                expectBody "1" "it leads to what was stored" shown
            }))

let private discards =
    testCaseTask "promise 15: an exception behind useSession discards what was not committed" (fun () ->
        visiting (reported site) (fun _ browser ->
            task {
                let! _ = browser.Get "/count"
                let! answer = browser.Get "/discarded"
                expectError "InvalidOperationException" "/discarded" answer
                let! shown = browser.Get "/show"
                expectBody "1" "as it was" shown
            }))

[<Tests>]
let tests = testList "Error handlers" [ store; conflict; tooLarge; survives; discards ]
