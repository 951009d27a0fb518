/// Every page of the demo, as a browser sees it.
module Runa.Session.Browser.Tests.PageTests

open Expecto
open Microsoft.Playwright

let tests (demo: Demo) =
    testList
        "pages"
        [ inDemo demo "every page loads with all its parts, and none logs an error" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  let errors = ResizeArray<string>()
                  page.Console.Add(fun message ->
                      if message.Type = "error" then
                          errors.Add message.Text)
                  page.PageError.Add errors.Add
                  page.Response.Add(fun response ->
                      if response.Status >= 400 then
                          errors.Add $"{response.Status} {response.Url}")
                  do! signIn page "ada"

                  for path in demo.Pages do
                      do! go page path
                      do! isVisible (page.GetByRole(AriaRole.Heading, PageGetByRoleOptions(Level = 1)))

                  Expect.equal (List.ofSeq errors) [] "errors"
              })

          inDemo demo "no page is wider than a phone" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! page.SetViewportSizeAsync(360, 740)
                  do! signIn page "ada"

                  for path in demo.Pages do
                      do! go page path
                      let! width = page.EvaluateAsync<int> "document.documentElement.scrollWidth"
                      Expect.isLessThanOrEqual width 360 $"the width of {path}"
              }) ]
