module Runa.Session.Tests.UserMissingTests

open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Testing

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/account" >=> perform _.ChallengeAsync("web") ]

let private startedOn (driver: SessionDriver) (authenticates: bool) =
    start
        { host site with
            Setup = SessionSetup.driver "memory" driver
            Services =
                fun services ->
                    services
                        .AddAuthentication()
                        .AddRunaSession("web", fun options -> options.LoginPath <- PathString "/login")
                    |> ignore
            Pipeline =
                fun app ->
                    if authenticates then
                        app.UseAuthentication() |> ignore
                    else
                        // WebApplication would put the middleware first; other hosts, such as Saturn's, do not.
                        app.Properties["__AuthenticationMiddlewareSet"] <- true }

let private started (authenticates: bool) = startedOn (MemoryDriver.create System.TimeProvider.System) authenticates

let private told (app: App) = app.Logs.Warnings |> List.filter _.StartsWith("The scheme \"web\" challenged")

[<Tests>]
let tests =
    testList
        "UserMissing"
        [ testCaseTask "a challenge that meets a session with an owner is told once" (fun () ->
              task {
                  use! app = started false
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/account"
                  Expect.isEmpty (told app) "nobody is signed in"
                  let! _ = browser.Get "/in"

                  for _ in 1..2 do
                      let! answer = browser.Get "/account"
                      let asked = answer.Status, answer.Header "location"
                      Expect.equal asked (302, "/login?ReturnUrl=%2Faccount") "redirected"

                  match told app with
                  | [ line ] ->
                      Expect.stringContains line "the session \"web\" has an owner" "the session"
                      Expect.stringContains line "app.UseAuthentication()" "what to do"
                      Expect.isFalse (line.Contains "ann") "not the owner"
                  | lines -> failtest $"%A{lines}"
              })

          testCaseTask "a challenge of somebody who is known is not, such as one that asks to sign in again" (fun () ->
              task {
                  use! app = started true
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let! answer = browser.Get "/account"
                  Expect.equal answer.Status 302 "redirected"
                  Expect.isEmpty (told app) "no warning"
              })

          testCaseTask "a challenge redirects, too, if the store is down" (fun () ->
              task {
                  let store = FaultyDriver()
                  use! app = startedOn store.Driver false
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  store.Fail StoreCalls.Load
                  let! answer = browser.Get "/account"
                  Expect.equal
                      (answer.Status, answer.Header "location")
                      (302, "/login?ReturnUrl=%2Faccount")
                      "redirected"
                  Expect.contains store.Calls StoreCalls.Load "asked"
                  Expect.isEmpty (told app) "no warning"
              }) ]
