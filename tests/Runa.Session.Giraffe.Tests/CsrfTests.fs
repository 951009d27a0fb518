/// Giraffe 8's own protection against forgery, in front of a session.
module Runa.Session.Tests.CsrfTests

open System.Net.Http
open System.Threading.Tasks
open Giraffe
open Microsoft.AspNetCore.Antiforgery
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

/// Finds every form valid.
let private trusting =
    let tokens = AntiforgeryTokenSet("request", "cookie", "field", "header")

    { new IAntiforgery with
        member _.GetAndStoreTokens _ = tokens
        member _.GetTokens _ = tokens
        member _.IsRequestValidAsync _ = Task.FromResult true
        member _.SetCookieTokenAndHeader _ = ()
        member _.ValidateRequestAsync _ = Task.CompletedTask }

let private site: HttpHandler =
    choose
        [ POST >=> route "/count" >=> Csrf.validateCsrfToken >=> withSession "web" count
          route "/show" >=> readSession "web" shown ]

let private host =
    let plain = reported site

    { plain with
        Services =
            fun services ->
                plain.Services services
                services.AddSingleton<IAntiforgery> trusting |> ignore }

[<Tests>]
let tests =
    testList
        "Csrf"
        [ testCaseTask "a form that validateCsrfToken lets through is counted" (fun () ->
              visiting host (fun _ browser ->
                  task {
                      let! counted = browser.Send(HttpMethod.Post, "/count")
                      expectBody "1" "counted" counted
                  }))

          testCaseTask "promise 14: it makes 403 of a failing store, by itself, and nothing was saved" (fun () ->
              counting host (fun _ browser driver ->
                  task {
                      let! _ = browser.Send(HttpMethod.Post, "/count")
                      driver.Behave <- TestDriver.Only([ StoreOperation.Replace ], Behaviour.FailBefore)
                      let! refused = browser.Send(HttpMethod.Post, "/count")
                      Expect.equal (refused.Status, refused.SetCookies) (403, []) "never a 200"
                      driver.Behave <- fun _ -> Behaviour.Pass
                      let! shown = browser.Get "/show"
                      expectBody "1" "as it was" shown
                  })) ]
