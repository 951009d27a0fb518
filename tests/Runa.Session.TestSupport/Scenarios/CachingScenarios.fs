/// What a response with a session says to caches.
module Runa.Session.TestSupport.Scenarios.CachingScenarios

open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios.Visits

/// What the application set, and whether it set it before or after the session was asked for.
let private handler (flavour: Flavour) : HttpHandler =
    let (>=>) = flavour.Compose
    let route, text, shown = flavour.Route, flavour.Text, shown flavour
    let cacheable = flavour.SetHeader "Cache-Control" "public, max-age=600, s-maxage=600"

    flavour.Choose
        [ route "/read" >=> readSession "web" shown
          route "/set" >=> withSession "web" (count flavour)
          route "/public/read" >=> cacheable >=> readSession "web" shown
          route "/public/set" >=> cacheable >=> withSession "web" (count flavour)
          route "/after/set" >=> updateSession "web" add >=> cacheable >=> text ""
          route "/nostore/set"
          >=> flavour.SetHeader "Cache-Control" "no-store"
          >=> withSession "web" (count flavour)
          route "/vary" >=> flavour.SetHeader "Vary" "Accept-Encoding" >=> readSession "web" shown
          route "/use" >=> useSession "web" >=> got flavour "web"
          route "/behind" >=> cacheable >=> useSession "web" >=> text "not looked at"
          route "/redirect" >=> updateSession "web" add >=> flavour.RedirectTo false "/"
          route "/none" >=> cacheable >=> text "no session here" ]

let scenarios (flavour: Flavour) : Test =
    let site server = { Flavour.site (handler flavour) with Server = server }

    testList
        "what a response says to caches"
        [ onBoth "promise 20: one that read a session is private, and varies by cookie" (fun server ->
              task {
                  use! app = flavour.Start(site server)

                  for path in [ "/read"; "/use"; "/public/read"; "/vary" ] do
                      let! answer = app.NewBrowser().Get path
                      let control = answer.Header "Cache-Control"
                      Expect.stringContains control "private" $"{path}: private"
                      Expect.isFalse (control.Contains "public" || control.Contains "s-maxage") $"{path}: not shared"
                      Expect.stringContains (answer.Header "Vary") "Cookie" $"{path}: by cookie"

                  let! answer = app.NewBrowser().Get "/vary"
                  Expect.equal (answer.Header "Vary") "Accept-Encoding, Cookie" "what the app set stays"
              })

          onBoth "promise 20: one that sets a cookie forbids to store the cookie" (fun server ->
              task {
                  use! app = flavour.Start(site server)

                  for path in [ "/set"; "/public/set"; "/after/set"; "/redirect" ] do
                      let! answer = app.NewBrowser().Get path
                      let control = answer.Header "Cache-Control"
                      Expect.equal (List.length answer.SetCookies) 1 $"{path}: a cookie"
                      Expect.stringContains control "no-cache=\"Set-Cookie\"" $"{path}: named"
                      Expect.isFalse (control.Contains "public" || control.Contains "s-maxage") $"{path}: not shared"

                  let! strict = app.NewBrowser().Get "/nostore/set"
                  Expect.equal (strict.Header "Cache-Control") "no-store" "what is stricter stays"
              })

          testCaseTask
              "promise 20, 21: a response without a session is left alone, and so is one whose session nobody looked at"
              (fun () ->
                  task {
                      use! app = flavour.Start(site Server.InMemory)

                      for path in [ "/none"; "/behind" ] do
                          let! answer = app.NewBrowser().Get path

                          Expect.equal
                              (answer.Header "Cache-Control")
                              "public, max-age=600, s-maxage=600"
                              $"{path}: as the app set it"

                          Expect.equal (answer.Header "Vary") "" $"{path}: no Vary"
                  }) ]
