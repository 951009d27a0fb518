/// samples/GiraffeStart, which docs/start/giraffe.md explains.
module Runa.Session.Tests.StartTests

open Expecto
open Microsoft.Extensions.Hosting
open Runa.Session.TestSupport.SampleHost
open Runa.Session.Tests.SampleVisits

let private build (args: string[]) = Shop.Program.build args :> IHost

[<Tests>]
let tests =
    testList
        "samples/GiraffeStart"
        [ testCaseTask "counts visits" (fun () ->
              visitingSample build (fun newBrowser ->
                  task {
                      let browser = newBrowser ()
                      let! first = browser.Get "/"
                      expectSays "Visits: 1" first
                      let! second = browser.Get "/"
                      expectSays "Visits: 2" second
                      let! missing = browser.Get "/nowhere"
                      Expect.equal missing.Status 404 "no such page"
                  }))

          testCaseTask "promise 4, 9: signs in under another id, and out for good" (fun () ->
              visitingSample build (fun newBrowser ->
                  task {
                      let browser = newBrowser ()
                      let! refused = browser.Get "/account"
                      expectRedirect "/login" refused
                      let! wrong = browser |> submit "/login" "/login" [ "name", "ada"; "password", "no" ]
                      Expect.equal wrong.Status 401 "a wrong password"
                      let! _ = browser.Get "/"
                      let before = browser.Cookies
                      let! login = browser |> submit "/login" "/login" [ "name", "ada"; "password", "demo" ]
                      expectRedirect "/account" login
                      Expect.notEqual browser.Cookies before "another id"
                      let! account = browser.Get "/account"
                      expectSays "Welcome back!" account
                      expectSays "You are user-1." account
                      let! again = browser.Get "/account"
                      Expect.isFalse ((said again).Contains "Welcome back!") "told once"
                      let stolen = browser.Copy()
                      let! logout = browser |> submit "/account" "/logout" []
                      expectRedirect "/" logout
                      let! home = browser.Get "/"
                      expectSays "Goodbye!" home
                      let! gone = stolen.Get "/account"
                      expectRedirect "/login" gone
                  })) ]
