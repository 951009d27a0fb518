/// samples/Saturn.
module Runa.Session.Tests.SaturnSampleTests

open Expecto
open Runa.Session.TestSupport.SampleHost
open Runa.Session.Tests.SampleVisits

let private own =
    [ testCaseTask "keeps wishes by a controller" (fun () ->
          visitingSample Sample.Program.build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! empty = browser.Get "/wishes"
                  expectSays "No wishes yet." empty

                  for wish in [ "tea"; "a <b>mug</b>"; "honey" ] do
                      let! answer = browser |> submit "/wishes" "/wishes" [ "wish", wish ]
                      expectRedirect "/wishes" answer

                  let! _ = browser |> submit "/wishes" "/wishes/0" [ "wish", "tea" ]
                  // Sent again from a page of before: the first is another by now, and stays.
                  let! _ = browser |> submit "/wishes" "/wishes/0" [ "wish", "tea" ]
                  let! wishes = browser.Get "/wishes"
                  expectSays "a <b>mug</b> Forget honey Forget" wishes
                  Expect.isFalse ((said wishes).Contains "tea") "forgotten"
              }))

      testCaseTask "answers below the admin area, and sends Saturn's headers" (fun () ->
          visitingSample Sample.Program.build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! missing = browser.Get "/admin/nowhere"
                  Expect.equal missing.Status 404 "no such page"
                  let! home = browser.Get "/"
                  Expect.equal (home.Header "X-Content-Type-Options") "nosniff" "secure headers"
              })) ]

[<Tests>]
let tests = testList "samples/Saturn" (sharedPages Sample.Program.build @ own)
