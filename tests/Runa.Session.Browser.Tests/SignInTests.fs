/// Signing in, and the notice after it.
module Runa.Session.Browser.Tests.SignInTests

open Expecto
open Microsoft.Playwright

let tests (demo: Demo) =
    testList
        "sign-in"
        [ inDemo demo "a wrong password says so, and keeps the name" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signInWrongly page "ada"
                  do! page.GetByRole AriaRole.Alert |> says "That name and password do not go together."
                  do! Assertions.Expect(field page "Name").ToHaveValueAsync "ada"
                  do! isSignedOut page
              })

          inDemo demo "promise 4: the right password signs in, with a new cookie" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! go page "/"
                  let! before = cookieNamed webCookie browser
                  do! signIn page "ada"
                  let! after = cookieNamed webCookie browser
                  Expect.isSome before "the first page gave a cookie"
                  Expect.notEqual (after |> Option.map _.Value) (before |> Option.map _.Value) "the token"
              })

          inDemo demo "promise 16: the welcome is shown once" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signIn page "ada"
                  do! notice page |> says demo.Welcome
                  do! reload page
                  do! isSignedIn page "ada"
                  do! isGone (notice page)
              }) ]
