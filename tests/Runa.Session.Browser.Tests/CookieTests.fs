/// The cookies, as the browser has them.
module Runa.Session.Browser.Tests.CookieTests

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Microsoft.Playwright

/// Both, as the browser reports them: of this host alone, and what scripts may not read.
let private expectSafe (cookie: BrowserContextCookiesResult) =
    Expect.equal cookie.Domain "localhost" "no domain is set: one that is would begin with a dot"
    Expect.equal cookie.Path "/" "path"
    Expect.isTrue cookie.Secure "Secure"
    Expect.isTrue cookie.HttpOnly "HttpOnly"

let private expectKept (expected: TimeSpan) (cookie: BrowserContextCookiesResult) =
    match keptFor cookie with
    | None -> failtest "the browser drops the cookie when it closes"
    | Some kept ->
        let difference = (kept - expected).Duration()
        Expect.isLessThan
            difference
            (TimeSpan.FromMinutes 3.)
            $"from {expected}: the browser keeps the cookie for {kept}"

let private required name browser =
    task {
        let! found = cookieNamed name browser
        return found |> Option.defaultWith (fun () -> failtest $"the browser has no cookie {name}")
    }

let tests (demo: Demo) =
    testList
        "cookies"
        [ inDemo
              demo
              "promise 19: the cookie of web is __Host-, Secure, HttpOnly, Lax, and kept for 2 hours"
              (fun browser ->
                  task {
                      let! page = browser.NewPageAsync()
                      do! signIn page "ada"
                      let! cookie = required webCookie browser
                      expectSafe cookie
                      Expect.equal cookie.SameSite SameSiteAttribute.Lax "SameSite"
                      expectKept (TimeSpan.FromHours 2.) cookie
                      let! seen = page.EvaluateAsync<string> "document.cookie"
                      Expect.isFalse (seen.Contains "runa") "scripts see it"
                  })

          inDemo demo "promise 19: the cookie of admin is Strict, and kept for 30 minutes" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! go page "/admin"
                  do! (button page "Enter as operator").ClickAsync()
                  do! isVisible (button page "Leave")
                  let! cookie = required adminCookie browser
                  expectSafe cookie
                  Expect.equal cookie.SameSite SameSiteAttribute.Strict "SameSite"
                  expectKept (TimeSpan.FromMinutes 30.) cookie
              })

          inDemo demo "“stay signed in” keeps the cookie for 12 hours" (fun browser ->
              task {
                  let! page = browser.NewPageAsync()
                  do! signInForLong page "ada"
                  let! cookie = required webCookie browser
                  expectKept (TimeSpan.FromHours 12.) cookie
              }) ]

/// Signs in, closes the browser, and opens it again.
let private comesBack settings demo (visit: IPage -> Task<unit>) =
    task {
        Chromium.need ()
        let! sample = demo |> Demo.start settings
        let profile = Directory.CreateTempSubdirectory("runa-profile-").FullName

        try
            do! Chromium.onProfile profile sample.Address (fun page -> signInForLong page "ada")

            do!
                Chromium.onProfile profile sample.Address (fun page ->
                    task {
                        do! go page "/"
                        do! visit page
                    })
        finally
            Directory.Delete(profile, true)
    }

/// What the cookies do alike in every application.
let shared (demo: Demo) =
    testList
        "browser"
        [ inDemoWith
              []
              demo
              "a link on another site brings along web, which is Lax, not admin, which is Strict"
              (fun sample browser ->
                  task {
                      let! page = browser.NewPageAsync()
                      do! signIn page "ada"
                      do! go page "/admin"
                      do! (button page "Enter as operator").ClickAsync()
                      do! isVisible (button page "Leave")

                      let elsewhere = "http://elsewhere.example/"
                      let body = $"""<a href="{Uri(sample.Address, "/admin")}">to the demo</a>"""

                      let! _ =
                          browser.RouteAsync(
                              elsewhere,
                              fun route ->
                                  route.FulfillAsync(RouteFulfillOptions(ContentType = "text/html", Body = body))
                          )

                      do! go page elsewhere
                      do! (link page "to the demo").ClickAsync()
                      do! isSignedIn page "ada"
                      do! isVisible (button page "Enter as operator")
                      do! (link page "Admin").ClickAsync()
                      do! isVisible (button page "Leave")
                  })

          testTask "who closes the browser comes back signed in" {
              do! comesBack [] demo (fun page -> isSignedIn page "ada")
          }

          testTask "with persistent = false, who closes the browser comes back as a stranger" {
              do! comesBack [ "session__sessions__web__persistent", "false" ] demo isSignedOut
          } ]
