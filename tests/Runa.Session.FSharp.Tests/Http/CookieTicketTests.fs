/// Cookie authentication over real requests, with its tickets in a session.
module Runa.Session.Tests.CookieTicketTests

open System
open System.Security.Claims
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Authentication.Cookies
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Options
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.CookieTickets

let private requests =
    [ onBoth "login, page and logout; the cookie holds a key and no claim" (fun server ->
          task {
              use! app = start { tickets (host site) with Server = server }
              let browser = app.NewBrowser()
              let! answer = browser.Get "/in"
              Expect.equal answer.SetCookies.Length 1 "one cookie, none of the session's"
              let! me = browser.Get "/me"
              Expect.equal me.Body "Ann Lee" "who it is"
              Expect.equal (keyIn app browser).Length 68 "a token"
              let copy = browser.Copy()
              let! _ = browser.Get "/out"
              let! me = copy.Get "/me"
              Expect.equal me.Body "nobody" "promise 9: a copy of the cookie is worthless"
          })

      testCaseTask "promise 27: revokeOwner signs out at once, whatever the cookie says" (fun () ->
          task {
              use! app = started ()
              let first, second, bob = app.NewBrowser(), app.NewBrowser(), app.NewBrowser()
              let! _ = first.Get "/in"
              let! _ = second.Get "/in"
              let! _ = bob.Get "/bob"
              let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              Expect.equal ended 2 "both"

              for browser, expected in [ first, "nobody"; second, "nobody"; bob, "bob" ] do
                  let! me = browser.Get "/me"
                  Expect.equal me.Body expected "who is signed in"

              let! _ = first.Get "/in"
              let! me = first.Get "/me"
              Expect.equal me.Body "Ann Lee" "and may sign in again"
          })

      testCaseTask "sliding expiration renews the ticket under the same key" (fun () ->
          task {
              use! app = started ()
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let key = keyIn app browser

              for _ in 1..6 do
                  app.Clock.Advance(TimeSpan.FromMinutes 40.)
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "Ann Lee" "signed in"
                  Expect.equal me.SetCookies.Length 1 "renewed"
                  Expect.equal (keyIn app browser) key "the same key"

              app.Clock.Advance(TimeSpan.FromHours 1. + TimeSpan.FromSeconds 1.)
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "and not for ever"
          })

      testCaseTask "promise 9: a renewal after revokeOwner brings nobody back" (fun () ->
          task {
              let host = host site
              let gate = Gate(memory host.Clock, StoreOperation.Replace)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" gate.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              app.Clock.Advance(TimeSpan.FromMinutes 40.)
              let renewing = browser.Get "/me"
              do! gate.Reached
              let! ended = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              Expect.equal ended 1 "ended"
              gate.Open()
              let! late = renewing
              Expect.equal late.Status 200 "the request that was under way ends"
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "the next one is nobody's"
          })

      testCaseTask "promise 27: a user who signs in over another's ticket becomes its owner" (fun () ->
          task {
              use! app = started ()
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! _ = browser.Get "/bob"
              let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" "ann" CancellationToken.None
              let! me = browser.Get "/me"
              Expect.equal me.Body "bob" "not ann's any more"
              let! _ = app.Registry |> SessionRegistry.revokeOwner "tickets" "bob" CancellationToken.None
              let! me = browser.Get "/me"
              Expect.equal me.Body "nobody" "bob's"
          })

      testCaseTask "promise 14: a store that is down is an error, and its return finds all signed in" (fun () ->
          task {
              let host = host site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" driver.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              driver.Behave <- fun _ -> Behaviour.FailBefore
              let! answer = browser.Get "/me"
              Expect.equal answer.Status 500 "an error"
              Expect.stringStarts answer.Body "error page: SessionStoreException" "which one"
              driver.Behave <- fun _ -> Behaviour.Pass
              let! back = browser.Get "/me"
              Expect.equal back.Body "Ann Lee" "signed in"
          })

      testCaseTask "promise 6: a cookie that is tampered with asks no store" (fun () ->
          task {
              let host = host site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start (tickets { host with Setup = SessionSetup.driver "memory" driver.Driver })
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let key = keyIn app browser
              let value = browser.Cookies[cookie]
              driver.Forget()

              for forged in [ value.Substring 1; value + "A"; key ] do
                  browser.SetCookie(cookie, forged)
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "ignored"

              Expect.equal driver.Calls [] "no call"
              browser.SetCookie("__Host-runa_session", key)
              let! web = browser.Get "/web"
              Expect.equal web.Body "{}" "promise 2: the key is no cookie of another session"
          }) ]

[<Tests>]
let tests = testList "CookieTickets" requests
