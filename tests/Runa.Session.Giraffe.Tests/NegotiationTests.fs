/// Content negotiation with what stands in a session.
module Runa.Session.Tests.NegotiationTests

open System
open System.Net.Http
open Giraffe
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

[<CLIMutable>]
type Visits =
    { Count: int }

    override this.ToString() = $"{this.Count} visits"

let private site: HttpHandler =
    choose
        [ route "/count"
          >=> withSession "web" (fun session ->
              let session = add session
              session, negotiate { Count = Session.getOr visits 0 session })
          route "/left" >=> useSession "web" >=> leave "web" >=> Successful.OK { Count = 0 }
          route "/json" >=> mustAccept [ "application/json" ] >=> withSession "web" count
          route "/json" >=> readSession "web" (fun _ -> RequestErrors.notAcceptable (text "no json"))
          route "/shown" >=> readSession "web" shown ]

let private ask (accept: string) (path: string) (browser: Browser) =
    let request = new HttpRequestMessage(HttpMethod.Get, Uri(path, UriKind.Relative))
    request.Headers.Add("Accept", accept)
    browser.SendRaw request

[<Tests>]
let tests =
    testList
        "Negotiation"
        [ testCaseTask "one handler answers in JSON, XML and text, and counts each" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! json = browser |> ask "application/json" "/count"
                      Expect.stringStarts (json.Header "Content-Type") "application/json" "JSON"
                      Expect.stringContains (json.Body.ToLowerInvariant()) "\"count\":1" "the first"
                      let! xml = browser |> ask "application/xml" "/count"
                      Expect.stringContains xml.Body "<Count>2</Count>" "XML, the second"
                      let! plain = browser |> ask "text/plain" "/count"
                      expectBody "3 visits" "text, the third" plain
                  }))

          testCaseTask "promise 12: what cannot be accepted was counted all the same, once" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! refused = browser |> ask "image/png" "/count"
                      Expect.equal refused.Status 406 "refused"
                      let! counted = browser.Get "/shown"
                      expectBody "1" "the step had run before" counted
                  }))

          testCaseTask "promise 13: a negotiated answer behind useSession commits first" (fun () ->
              visiting (giraffe site) (fun _ browser ->
                  task {
                      let! left = browser |> ask "application/xml" "/left"
                      Expect.equal (left.Status, List.length left.SetCookies) (200, 1) "answered with the cookie"
                      let! counted = browser.Get "/shown"
                      expectBody "1" "stored" counted
                  }))

          testCaseTask "promise 8: mustAccept before the session declines without touching it" (fun () ->
              counting (giraffe site) (fun app browser driver ->
                  task {
                      let! refused = browser |> ask "text/html" "/json"
                      Expect.equal (refused.Status, refused.SetCookies) (406, []) "declined"
                      Expect.isEmpty driver.Calls "no call of the store"
                      Expect.isEmpty app.Logs.Warnings "and nothing is wrong"
                      let! accepted = browser |> ask "application/json" "/json"
                      expectBody "1" "counted" accepted
                  })) ]
