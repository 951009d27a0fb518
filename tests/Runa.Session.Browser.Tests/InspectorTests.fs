/// The inspector of sessions in a browser. (PageTests visits it, too.)
module Runa.Session.Browser.Tests.InspectorTests

open Expecto
open Microsoft.Playwright

let tests (demo: Demo) =
    testList
        "inspector"
        [ inDemoWith
              [ "RUNA_TEST", "inspector" ]
              demo
              "an operator lists a user's sessions and ends one"
              (fun sample browser ->
                  task {
                      let! visitor = browserOf sample None
                      let! visited = visitor.NewPageAsync()
                      do! signIn visited "grace"
                      let! page = browser.NewPageAsync()
                      do! go page "/_sessions"
                      do! isVisible (page.GetByRole(AriaRole.Heading, PageGetByRoleOptions(Name = "Recent events")))
                      do! (field page "Owner").FillAsync "grace"
                      do! (button page "List").ClickAsync()
                      do! isVisible ((button page "End").First)
                      do! (button page "End").First.ClickAsync()
                      do! says "The session has ended." (notice page)
                      do! reload visited
                      do! isSignedOut visited
                      do! visitor.CloseAsync()
                  })

          inDemo demo "it follows the colours that the browser prefers" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()

                  let background (scheme: ColorScheme) =
                      task {
                          do! page.EmulateMediaAsync(PageEmulateMediaOptions(ColorScheme = scheme))
                          do! go page "/_sessions"
                          return!
                              page.EvaluateAsync<string> "getComputedStyle(document.documentElement).backgroundColor"
                      }

                  let! light = background ColorScheme.Light
                  let! dark = background ColorScheme.Dark
                  Expect.equal
                      (light, dark)
                      ("rgb(246, 245, 242)", "rgb(21, 24, 27)")
                      "the page's own style is applied"
              }) ]
