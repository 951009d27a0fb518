/// After a session has ended.
module Runa.Session.Browser.Tests.AfterTheEndTests

open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

/// Long enough to sign in on a busy machine.
let private shortIdle = [ "session__sessions__web__idle_timeout", "3s" ]

let tests (demo: Demo) =
    testList
        "the end of a session"
        [ inDemo demo "the back button shows no private page after signing out" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signIn page "ada"
                  do! go page "/cart"
                  do! go page demo.Devices
                  do! isSignedIn page "ada"
                  do! signOut page

                  for _ in 1..3 do
                      let! _ = page.EvaluateAsync "history.back()"
                      do! Task.Delay 300
                      do! isSignedOut page
              })

          inDemoWith shortIdle demo "promise 10: who comes too late is told so, and can sign in again" (fun _ browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signIn page "ada"
                  do! Task.Delay 3_100
                  do! go page demo.Devices
                  do! Assertions.Expect(page).ToHaveTitleAsync "Sign in · Runa.Session"
                  do! isVisible (words page "Your earlier session has ended. Please sign in again.")
                  do! signIn page "ada"
              }) ]
