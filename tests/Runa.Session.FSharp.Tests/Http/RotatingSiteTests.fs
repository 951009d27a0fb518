module Runa.Session.Tests.RotatingSiteTests

open System
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private minutes (count: float) = TimeSpan.FromMinutes count

let private site: HttpHandler =
    choose
        [ route "/in" >=> updateSession "web" (Session.signIn "ann") >=> text "in"
          route "/count" >=> updateSession "web" (Session.update visits 0 ((+) 1)) >=> text "counted"
          readSession "web" (fun session ->
              let owner = Session.owner session |> Option.defaultValue "nobody"
              text $"{Session.status session} {owner} {Session.getOr visits 0 session}") ]

/// Time passes while requests for /slow are under way, before anything asks for the session.
let private slowly (clock: Microsoft.Extensions.Time.Testing.FakeTimeProvider) (app: IApplicationBuilder) =
    app.Use(fun (context: HttpContext) (next: RequestDelegate) ->
        if context.Request.Path = PathString "/slow" then
            clock.Advance(minutes 10.)

        next.Invoke context)
    |> ignore

let private started () : Task<App> =
    let given = host site

    start
        { given with
            Setup = SessionSetup.session "web" (fun o -> { o with Rotate = Some(minutes 15.) }) >> given.Setup
            Pipeline = slowly given.Clock }

let private said (browser: Browser) (path: string) : Task<string> =
    task {
        let! answer = browser.Get path
        return answer.Body
    }

let private expect (browser: Browser) (path: string) (wanted: string) (what: string) =
    task {
        let! found = said browser path
        Expect.equal found wanted what
    }

/// A browser, and another one with a copy of its cookies from before the rotation.
let private copied (app: App) =
    task {
        let browser = app.NewBrowser()
        let! _ = browser.Get "/in"
        let copy = browser.Copy()
        app.Clock.Advance(minutes 15.)
        let! _ = browser.Get "/count"
        Expect.notEqual browser.Cookies copy.Cookies "rotated, in the response that counted"
        do! expect browser "/" "Active ann 1" "the new cookie"
        return browser, copy
    }

[<Tests>]
let tests =
    testList
        "Rotating site"
        [ testCaseTask "promise 29: a copied cookie ends with the session, and its user can be told" (fun () ->
              task {
                  use! app = started ()
                  let! browser, copy = copied app
                  do! expect copy "/" "Active ann 1" "just after the rotation"
                  app.Clock.Advance(minutes 7.)
                  do! expect copy "/" "Taken nobody 0" "a late copy"
                  do! expect browser "/" "Taken nobody 0" "its user is told"
                  let! _ = browser.Get "/in"
                  do! expect browser "/" "Active ann 0" "signed in again"
                  do! expect copy "/" "Taken nobody 0" "the copy stays worthless"
              })

          testCaseTask
              "promise 29: what counts is when the request arrived, not when it first asks for the session"
              (fun () ->
                  task {
                      use! app = started ()
                      let! browser, copy = copied app
                      app.Clock.Advance(minutes 5.)
                      do! expect copy "/slow" "Active ann 1" "it arrived 5 minutes after, and asked after 15"
                      do! expect browser "/" "Active ann 1" "its user goes on"
                      app.Clock.Advance(minutes 7.)
                      do! expect copy "/" "Taken nobody 0" "the next one arrives too late"
                  })

          testCaseTask "promise 29: a prefetch does not rotate" (fun () ->
              task {
                  use! app = started ()
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let before = browser.Cookies
                  app.Clock.Advance(minutes 15.)
                  use prefetch = new HttpRequestMessage(HttpMethod.Get, Uri("/", UriKind.Relative))
                  prefetch.Headers.Add("Sec-Purpose", "prefetch;prerender")
                  let! _ = browser.SendRaw prefetch
                  Expect.equal browser.Cookies before "not in advance"
                  let! _ = browser.Get "/"
                  Expect.notEqual browser.Cookies before "but with the next request"
              }) ]
