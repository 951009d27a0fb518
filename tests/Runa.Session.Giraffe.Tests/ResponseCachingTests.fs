/// Giraffe's response caching, with ASP.NET Core's middleware behind it.
module Runa.Session.Tests.ResponseCachingTests

open Giraffe
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits
open Runa.Session.Tests.GiraffeHosting

let private site: HttpHandler =
    choose
        [ route "/before" >=> publicResponseCaching 60 (Some "Accept") >=> withSession "web" count
          route "/after"
          >=> readSession "web" (fun session -> publicResponseCaching 60 None >=> shown session)
          route "/behind"
          >=> useSession "web"
          >=> publicResponseCaching 60 None
          >=> leave "web"
          >=> text "left"
          route "/never" >=> noResponseCaching >=> withSession "web" count
          route "/plain" >=> publicResponseCaching 60 None >=> text "for all" ]

let private cached (server: Server) : Host =
    let plain = giraffe site

    { plain with
        Server = server
        Services =
            fun services ->
                plain.Services services
                services.AddResponseCaching() |> ignore
        Pipeline = fun app -> app.UseResponseCaching().UseGiraffe site }

[<Tests>]
let tests =
    testList
        "Response caching"
        [ onBoth "promise 20: publicResponseCaching gives no visitor the page of another" (fun server ->
              visiting (cached server) (fun app _ ->
                  task {
                      for path, expected in
                          [ "/before", ("2", "1"); "/after", ("1", "0"); "/behind", ("left", "left") ] do
                          let ann, bea = app.NewBrowser(), app.NewBrowser()
                          let! _ = ann.Get "/before"
                          let! hers = ann.Get path
                          let! other = bea.Get path
                          Expect.equal (hers.Body, other.Body) expected path

                          for answer: Answer in [ hers; other ] do
                              let control = answer.Header "Cache-Control"
                              Expect.stringContains control "private" path
                              Expect.isFalse (control.Contains "public") $"{path}: not public"
                              Expect.stringContains (answer.Header "Vary") "Cookie" path
                              Expect.equal (answer.Header "Age") "" $"{path}: not from the cache"
                  }))

          testCaseTask "promise 20: what Giraffe varies by stays, and so does what is stricter" (fun () ->
              visiting (cached Server.InMemory) (fun _ browser ->
                  task {
                      let! before = browser.Get "/before"
                      Expect.equal (before.Header "Vary") "Accept, Cookie" "both"
                      let! never = browser.Get "/never"
                      Expect.stringContains (never.Header "Cache-Control") "no-store" "as it was set"
                  }))

          testCaseTask "a page without a session is cached for all, beside them" (fun () ->
              visiting (cached Server.InMemory) (fun app browser ->
                  task {
                      let! _ = browser.Get "/before"
                      let! first = app.NewBrowser().Get "/plain"
                      Expect.stringContains (first.Header "Cache-Control") "public" "public"
                      let! second = app.NewBrowser().Get "/plain"
                      Expect.notEqual (second.Header "Age") "" "from the cache"
                  })) ]
