/// `controller`, behind useSession and with handlers of the library.
module Runa.Session.Tests.ControllerTests

open System.Net.Http
open System.Threading.Tasks
open Giraffe
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Logging.Abstractions
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.Tests.SaturnHosting
open Saturn

let private items = SessionKey.create<string list> "items"

let private of' (ctx: HttpContext) = Session.getOr items [] (ctx.GetSession "web")

let private change (ctx: HttpContext) (step: string list -> string list) =
    ctx.GetSession "web" |> Session.update items [] step |> ctx.SetSession

/// Its actions use the context: useSession is plugged in.
let private plugged =
    controller {
        plug [ All ] (useSession "web")
        index (fun ctx -> Task.FromResult(of' ctx))
        show (fun ctx (number: int) -> Task.FromResult(List.item number (of' ctx)))

        create (fun ctx ->
            change ctx (fun all -> all @ [ string ctx.Request.Query["item"] ])
            Controller.redirect ctx "/plugged")

        delete (fun ctx (number: int) ->
            change ctx (List.removeAt number)
            Task.FromResult "gone")

        error_handler (fun ctx error -> report error NullLogger.Instance earlyReturn ctx)
    }

/// Its actions are handlers.
let private handled =
    controller {
        index (readSession "web" (fun session -> json (Session.getOr items [] session)) earlyReturn)

        create (fun ctx ->
            let item = string ctx.Request.Query["item"]
            let added = updateSession "web" (Session.update items [] (fun all -> all @ [ item ]))
            (added >=> redirectTo false "/handled") earlyReturn ctx)
    }

let private visit (check: TestDriver -> Logs -> Browser -> Task<unit>) =
    let driver = TestDriver.Counting(memory (clock ()))
    let logs = new Logs()

    let app =
        application {
            on_test_server logs
            use_runa_session (over driver.Driver)
            error_handler report

            use_router (
                router {
                    forward "/plugged" plugged
                    forward "/handled" handled
                }
            )
        }

    visitingHost app (fun _ browser -> check driver logs browser)

[<Tests>]
let tests =
    testList
        "controller"
        [ testCaseTask "promise 13: actions behind useSession read and change the session" (fun () ->
              visit (fun _ logs browser ->
                  task {
                      for item in [ "a"; "b"; "c" ] do
                          let! created = browser.Send(HttpMethod.Post, $"/plugged?item={item}")
                          Expect.equal (created.Header "Location") "/plugged" "redirected"

                      let! deleted = browser.Send(HttpMethod.Delete, "/plugged/1")
                      Expect.equal deleted.Body "gone" "one deleted"
                      let! index = browser.Get "/plugged"
                      expectBody """["a","c"]""" "what is left" index
                      let! shown = browser.Get "/plugged/1"
                      expectBody "c" "one of them" shown
                      Expect.isEmpty logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "promise 13: actions may be handlers of the library" (fun () ->
              visit (fun _ _ browser ->
                  task {
                      let! _ = browser.Send(HttpMethod.Post, "/handled?item=x")
                      let! index = browser.Get "/handled"
                      expectBody """["x"]""" "stored" index
                  }))

          testCaseTask "promise 8: a controller that does not answer costs the store nothing" (fun () ->
              visit (fun driver logs browser ->
                  task {
                      let! missing = browser.Get "/plugged/nowhere/else"
                      Expect.equal (missing.Status, missing.SetCookies) (404, []) "not found"
                      Expect.isEmpty driver.Calls "no call"
                      Expect.isEmpty logs.Warnings "nothing is wrong"
                  }))

          testCaseTask "promise 14: a store that fails is an error before anything is sent" (fun () ->
              visit (fun driver _ browser ->
                  task {
                      let! _ = browser.Send(HttpMethod.Post, "/plugged?item=a")
                      driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)

                      for path in [ "/plugged?item=b"; "/handled?item=b" ] do
                          let! answer = browser.Send(HttpMethod.Post, path)

                          Expect.equal
                              (answer.Status, answer.Body)
                              (503, "error handler: SessionStoreException, sent: False")
                              path

                      driver.Behave <- fun _ -> Behaviour.Pass
                      let! index = browser.Get "/plugged"
                      expectBody """["a"]""" "as it was" index
                  })) ]
