/// The attributes of cookies that hold whole sessions, and the hint about a foreign one.
module Runa.Session.Tests.CookieAttributeTests

open System.Net.Http
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers

let private name = "__Host-runa_session"
let private big = SessionKey.create<string> "big"

/// A session of four cookies, or of one.
let private site =
    choose
        [ route "/fill"
          >=> withSession "web" (fun session -> Session.set big (System.String('a', 5_850)) session, text "full")
          route "/count" >=> withSession "web" count
          route "/show" >=> readSession "web" shown ]

let private inCookies = SessionSetup.session "web" (fun o -> { o with Driver = "cookie" })

let private attributesOf (answer: Answer) =
    answer.SetCookies |> List.map (attributes >> List.map _.ToLowerInvariant() >> Set)

[<Tests>]
let tests =
    testList
        "attributes of cookie sessions"
        [ testCaseTask
              "promise 19: every piece has the attributes of the session's cookie; without Persistent no Max-Age"
              (fun () ->
                  task {
                      use! app =
                          start
                              { host site with
                                  Setup =
                                      inCookies
                                      >> SessionSetup.session "web" (fun o ->
                                          { o with
                                              SameSite = SameSite.Strict
                                              Partitioned = true
                                              Persistent = false }) }

                      let! answer = app.NewBrowser().Get "/fill"
                      Expect.hasLength answer.SetCookies 4 "count and pieces"

                      for attributes in attributesOf answer do
                          Expect.equal
                              attributes
                              (Set [ "path=/"; "samesite=strict"; "secure"; "httponly"; "partitioned" ])
                              "attributes"
                  })

          testCaseTask "promise 19: Secure = SameAsRequest is Secure over https only" (fun () ->
              task {
                  use! app =
                      start
                          { host site with
                              Setup =
                                  inCookies
                                  >> SessionSetup.session "web" (fun o ->
                                      { o with CookieName = "sid"; Secure = CookieSecure.SameAsRequest }) }

                  for scheme, isSecure in [ "http", false; "https", true ] do
                      let! answer =
                          app
                              .NewBrowser()
                              .SendRaw(new HttpRequestMessage(HttpMethod.Get, $"{scheme}://localhost/fill"))

                      for attributes in attributesOf answer do
                          Expect.equal (attributes.Contains "secure") isSecure scheme
              })

          for environment in [ "Development"; "Production" ] do
              testCaseTask $"a foreign sealed cookie is hinted at once: {environment}" (fun () ->
                  task {
                      use! other = start { host site with Setup = inCookies >> SessionSetup.application "another" }
                      let foreigner = other.NewBrowser()
                      let! _ = foreigner.Get "/count"
                      use! app = start { host site with Setup = inCookies; Environment = environment }

                      for _ in 1..2 do
                          let browser = app.NewBrowser()
                          browser.SetCookie(name, foreigner.Cookies[name])
                          let! answer = browser.Get "/show"
                          Expect.equal answer.Body "0" "ignored"

                      let warning = List.exactlyOne app.Logs.Warnings
                      Expect.stringContains warning "token that this application did not sign" "hint"
                      Expect.isFalse (warning.Contains foreigner.Cookies[name]) "promise 5: without the cookie"
                  }) ]
