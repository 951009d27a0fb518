/// Giraffe.EndpointRouting.
module Runa.Session.Tests.EndpointTests

open Giraffe
open Giraffe.EndpointRouting
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

let private endpoints: Endpoint list =
    [ GET
          [ route "/" (withSession "web" count)
            routef "/add/%i" (fun number ->
                updateSession "web" (Session.update visits 0 ((+) number)) >=> readSession "web" shown)
            route "/late" (updateSession "web" add >=> (fun _ _ -> skipPipeline)) ]
      POST [ route "/login" (updateSession "web" (Session.signIn "ann") >=> redirectTo false "/account") ]
      route
          "/account"
          (withOwner "web" (setStatusCode 401 >=> text "nobody") (fun owner session -> session, text owner))
      subRoute
          "/admin"
          [ GET [ route "/leave" (leave "admin" >=> text "left") ]
            route "/count" (fun next ctx -> shown (ctx.GetSession "admin") next ctx) ]
      |> applyBefore (useSession "admin") ]

let private site: Host =
    { giraffe (fun _ _ -> skipPipeline) with
        Services = fun services -> services.AddGiraffe().AddRouting() |> ignore
        Pipeline =
            fun app ->
                app
                    .UseGiraffeErrorHandler(report)
                    .UseRouting()
                    .UseGiraffe(endpoints)
                    .UseGiraffe(withSession "web" (fun session -> add session, text "the rest")) }

[<Tests>]
let tests =
    testList
        "Endpoint routing"
        [ onBoth "promise 13: endpoints count visits" (fun server ->
              visiting { site with Server = server } (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! parsed = browser.Get "/add/40"
                      expectBody "41" "with what routef parsed" parsed
                      let! second = browser.Get "/"
                      expectBody "42" "counted" second
                  }))

          testCaseTask "promise 4: a sign-in by POST opens what withOwner guards" (fun () ->
              visiting site (fun _ browser ->
                  task {
                      let! refused = browser.Get "/account"
                      Expect.equal (refused.Status, refused.Body) (401, "nobody") "before"
                      let! login = browser.Send(System.Net.Http.HttpMethod.Post, "/login")
                      Expect.equal (login.Status, login.Header "Location") (302, "/account") "redirected"
                      let! account = browser.Get "/account"
                      expectBody "ann" "after" account
                  }))

          testCaseTask "promise 22: useSession by applyBefore serves the endpoints below it" (fun () ->
              visiting site (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! _ = browser.Get "/admin/leave"
                      let! counted = browser.Get "/admin/count"
                      expectBody "1" "of the other name" counted
                  }))

          testCaseTask "what no endpoint matches goes on to the handler behind, once" (fun () ->
              visiting site (fun _ browser ->
                  task {
                      let! rest = browser.Get "/elsewhere"
                      expectBody "the rest" "answered" rest
                      let! counted = browser.Get "/"
                      expectBody "2" "one visit there, one here" counted
                  }))

          testCaseTask "an endpoint that declines after its commit logs the warning" (fun () ->
              visiting site (fun app browser ->
                  task {
                      let! answer = browser.Get "/late"
                      Expect.equal answer.Status 422 "Giraffe's answer to an endpoint that declines"
                      Expect.hasLength app.Logs.Warnings 1 "told"
                  }))

          testCaseTask "promise 14: a store that fails is an error before anything is sent" (fun () ->
              counting site (fun _ browser driver ->
                  task {
                      let! _ = browser.Get "/"
                      driver.Behave <- fun _ -> Behaviour.FailBefore

                      for path in [ "/"; "/add/1"; "/account" ] do
                          let! answer = browser.Get path

                          Expect.equal
                              (answer.Status, answer.Body)
                              (503, "error handler: SessionStoreException, sent: False")
                              path
                  })) ]
