/// Conditional requests: a session in front of validatePreconditions, and behind it.
module Runa.Session.Tests.ConditionalTests

open System
open System.Net.Http
open Giraffe
open Microsoft.Net.Http.Headers
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

let private tag (session: Session) = EntityTagHeaderValue.FromString false $"v{Session.getOr visits 0 session}"

let private page =
    readSession "web" (fun session -> validatePreconditions (Some(tag session)) None >=> shown session)

let private site: HttpHandler =
    choose
        [ route "/page" >=> page
          route "/count" >=> withSession "web" count
          route "/left"
          >=> useSession "web"
          >=> leave "web"
          >=> validatePreconditions (Some(EntityTagHeaderValue.FromString false "fixed")) None
          >=> text "left"
          route "/first"
          >=> validatePreconditions (Some(EntityTagHeaderValue.FromString false "fixed")) None
          >=> withSession "web" count ]

let private ask (header: string) (value: string) (path: string) (browser: Browser) =
    let request = new HttpRequestMessage(HttpMethod.Get, Uri(path, UriKind.Relative))
    request.Headers.TryAddWithoutValidation(header, value) |> ignore
    browser.SendRaw request

[<Tests>]
let tests =
    testList
        "Conditional requests"
        [ onBoth "promise 20: 304 for a page of a session is private to its visitor" (fun server ->
              visiting { giraffe site with Server = server } (fun _ browser ->
                  task {
                      let! _ = browser.Get "/count"
                      let! fresh = browser.Get "/page"
                      Expect.equal (fresh.Body, fresh.Header "ETag") ("1", "\"v1\"") "the page with its tag"
                      let! same = browser |> ask "If-None-Match" "\"v1\"" "/page"
                      Expect.equal (same.Status, same.Body) (304, "") "not modified"
                      Expect.equal (same.Header "Vary") "Cookie" "it depends on the cookie"
                      Expect.stringContains (same.Header "Cache-Control") "private" "and no shared cache keeps it"
                      let! _ = browser.Get "/count"
                      let! changed = browser |> ask "If-None-Match" "\"v1\"" "/page"
                      expectBody "2" "modified by the session" changed
                      let! failed = browser |> ask "If-Match" "\"v1\"" "/page"
                      Expect.equal (failed.Status, failed.Body) (412, "") "a precondition that fails"
                  }))

          onBoth "promise 13: what was left behind useSession is committed before an empty 304" (fun server ->
              visiting { giraffe site with Server = server } (fun _ browser ->
                  task {
                      let! same = browser |> ask "If-None-Match" "\"fixed\"" "/left"
                      Expect.equal (same.Status, same.Body) (304, "") "not modified"
                      Expect.hasLength same.SetCookies 1 "with the cookie"
                      let! shown = browser.Get "/page"
                      expectBody "1" "stored" shown
                  }))

          testCaseTask "a condition that answers before the session leaves it alone" (fun () ->
              counting (giraffe site) (fun _ browser driver ->
                  task {
                      let! same = browser |> ask "If-None-Match" "\"fixed\"" "/first"
                      Expect.equal (same.Status, same.SetCookies) (304, []) "not modified, no cookie"
                      Expect.isEmpty driver.Calls "no call of the store"
                      let! other = browser |> ask "If-None-Match" "\"other\"" "/first"
                      expectBody "1" "otherwise it is counted" other
                  })) ]
