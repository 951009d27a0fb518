/// The owner of a session as the user whom Giraffe's handlers ask for.
module Runa.Session.Tests.GiraffeAuthenticationTests

open System.Threading
open Giraffe
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting
open Runa.Session.TestSupport

let private signIn: HttpHandler =
    updateSession "web" (Session.signInWith "ada" (Map [ "name", [ "Ada" ]; "role", [ "editor" ] ]))
    >=> text "in"

let private name: HttpHandler =
    fun next ctx ->
        text (ctx.User.FindFirst("name") |> Option.ofObj |> Option.map _.Value |> Option.defaultValue "") next ctx

let private site: HttpHandler =
    choose
        [ route "/in" >=> signIn
          route "/out" >=> signOut "web" >=> text "out"
          route "/account" >=> requiresAuthentication (challenge "web") >=> name
          route "/edit" >=> requiresRole "editor" (setStatusCode 403 >=> text "no") >=> name
          route "/admin" >=> requiresRole "admin" (setStatusCode 403 >=> text "no") >=> name ]

let private host: Host =
    { giraffe site with
        Services =
            fun services ->
                services.AddGiraffe() |> ignore

                services
                    .AddAuthentication()
                    .AddRunaSession("web", fun options -> options.LoginPath <- PathString "/login")
                |> ignore
        Pipeline = fun app -> app.UseAuthentication().UseGiraffe site }

[<Tests>]
let tests =
    testList
        "authentication"
        [ testCaseTask "requiresAuthentication and requiresRole ask the session's owner and claims" (fun () ->
              visiting host (fun _ browser ->
                  task {
                      let! refused = browser.Get "/account"
                      Expect.equal refused.Status 302 "challenged"
                      Expect.equal (refused.Header "Location") "/login?ReturnUrl=%2Faccount" "to the login page"
                      let! _ = browser.Get "/in"
                      let! account = browser.Get "/account"
                      expectBody "Ada" "signed in" account
                      let! edit = browser.Get "/edit"
                      expectBody "Ada" "with the role" edit
                      let! admin = browser.Get "/admin"
                      Expect.equal admin.Status 403 "without another"
                      let! _ = browser.Get "/out"
                      let! after = browser.Get "/account"
                      Expect.equal after.Status 302 "signed out"
                  }))

          testCaseTask "promise 27: whoever is revoked is signed out at once" (fun () ->
              visiting host (fun app browser ->
                  task {
                      let! _ = browser.Get "/in"
                      let! ended = app.Registry |> SessionRegistry.revokeOwner "web" "ada" CancellationToken.None
                      Expect.equal ended 1 "one session"
                      let! account = browser.Get "/account"
                      Expect.equal account.Status 302 "signed out"
                  })) ]
