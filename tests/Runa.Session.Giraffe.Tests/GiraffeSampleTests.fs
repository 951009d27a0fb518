/// samples/Giraffe.
module Runa.Session.Tests.GiraffeSampleTests

open Expecto
open Microsoft.Extensions.Hosting
open Runa.Session.TestSupport.SampleHost
open Runa.Session.Tests.SampleVisits

let private build (args: string[]) = Sample.Program.build args :> IHost

let private own =
    [ testCaseTask "keeps a delivery that Thoth.Json.Net codes, through endpoints" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! before = browser.Get "/delivery"
                  expectSays "You pick it up at the shop." before
                  let address = [ "street", "1 Côte d'Or"; "town", "Dijon"; "doorbell", "\"Ada\" & co" ]
                  let! posted = browser |> submit "/delivery" "/delivery" address
                  expectRedirect "/delivery" posted
                  let! after = browser.Get "/delivery"
                  expectSays "Thank you, noted." after
                  expectSays "To 1 Côte d'Or, Dijon; ring at \"Ada\" & co." after
                  let! values = browser.Get "/values"
                  expectSays "\"kind\": \"post\"" values
                  let! _ = browser |> submit "/delivery" "/delivery/pickup" []
                  let! pickup = browser.Get "/delivery"
                  expectSays "You pick it up at the shop." pickup
              }))

      testCaseTask "asks again for an address without a town" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! _ = browser |> submit "/delivery" "/delivery" [ "street", "1 Main Street"; "town", " " ]
                  let! page = browser.Get "/delivery"
                  expectSays "An address has a street and a town." page
                  expectSays "You pick it up at the shop." page
              }))

      testCaseTask "tells the visits to programs" (fun () ->
          visitingSample build (fun newBrowser ->
              task {
                  let browser = newBrowser ()
                  let! _ = browser.Get "/"
                  let! _ = browser.Get "/"
                  let! visits = browser.Get "/api/visits"
                  Expect.equal (visits.Status, visits.Body) (200, "2") "as JSON"
              })) ]

[<Tests>]
let tests = testList "samples/Giraffe" (sharedPages build @ own)
