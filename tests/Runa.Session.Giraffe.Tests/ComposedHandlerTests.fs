/// Handlers of the library under Giraffe's >=>, as applications write them.
module Runa.Session.Tests.ComposedHandlerTests

open System.Threading.Tasks
open Giraffe
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

// None of those that a handler of the library makes alone needs a type annotation.

let private home = withSession "web" count
let private show = readSession "web" shown
let private logout = updateSession "web" Session.signOut >=> redirectTo false "/"

let private account =
    withOwner "web" (redirectTo false "/login") (fun owner session ->
        let notices, session = Session.takeFlashes notice session
        let told = String.concat "," notices
        session, text $"[{told}] {owner}")

[<CLIMutable>]
type Login = { Name: string }

let private login: HttpHandler =
    bindQuery<Login> None (fun query ->
        updateSession "web" (Session.signIn query.Name >> Session.flash notice "Welcome")
        >=> redirectTo false "/account")

let private bought =
    withSessionTask "web" (fun ctx session ->
        task {
            do! Task.Yield()
            let sku = string ctx.Request.Query["sku"]
            return Session.set notice sku session, setHttpHeader "X-Bought" sku >=> text "thank you"
        })

let private site: HttpHandler =
    choose
        [ route "/" >=> home
          route "/show" >=> show
          route "/login" >=> login
          route "/logout" >=> logout
          route "/account" >=> account
          route "/buy" >=> bought ]

[<Tests>]
let tests =
    testList
        "Composed handlers"
        [ testCaseTask
              "promise 4, 9: without a type annotation they count, sign in, tell a flash once, and sign out"
              (fun () ->
                  visiting (giraffe site) (fun _ browser ->
                      task {
                          let! _ = browser.Get "/"
                          let! login = browser.Get "/login?name=ann"
                          Expect.equal
                              (login.Status, login.Header "Location")
                              (302, "/account")
                              "by what bindQuery read"
                          let! first = browser.Get "/account"
                          expectBody "[Welcome] ann" "signed in" first
                          let! second = browser.Get "/account"
                          expectBody "[] ann" "told once" second
                          let! shown = browser.Get "/show"
                          expectBody "1" "the visit from before" shown
                          let! bought = browser.Get "/buy?sku=tea"
                          Expect.equal
                              (bought.Body, bought.Header "X-Bought")
                              ("thank you", "tea")
                              "the handlers beside"
                          let! _ = browser.Get "/logout"
                          let! refused = browser.Get "/account"
                          Expect.equal (refused.Header "Location") "/login" "signed out"
                      }))

          testCaseTask "toRequestDelegate runs a handler of Giraffe as an endpoint" (fun () ->
              visiting { giraffe (fun _ _ -> skipPipeline) with Handler = site } (fun _ browser ->
                  task {
                      let! _ = browser.Get "/"
                      let! second = browser.Get "/"
                      expectBody "2" "counted" second
                      let! missing = browser.Get "/nowhere"
                      Expect.equal missing.Status 404 "one that declines is 404"
                  })) ]
