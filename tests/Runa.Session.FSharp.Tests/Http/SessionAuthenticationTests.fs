module Runa.Session.Tests.SessionAuthenticationTests

open System
open System.Threading
open Microsoft.AspNetCore.Authentication
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes

let private site: HttpHandler =
    choose
        [ route "/in" >=> signIn "web" ann >=> user
          route "/bob" >=> signIn "web" [ "sub", "bob" ] >=> text "in"
          route "/out" >=> signOut "web" >=> text "out"
          route "/me" >=> user
          route "/claims" >=> claims
          route "/count" >=> withSession "web" count
          route "/show" >=> readSession "web" shown
          route "/owner" >=> withOwner "web" (text "nobody") (fun owner session -> session, text owner)
          route "/by-session"
          >=> updateSession "web" (Session.signInWith "eve" (Map [ "name", [ "Eve" ] ]))
          >=> text "in"
          route "/nameless" >=> signIn "web" [ "email", "a@b.example" ] >=> text "in"
          route "/started"
          >=> perform (fun context ->
              task {
                  do! context.Response.WriteAsync "begun, "
                  do! context.Response.Body.FlushAsync()

                  try
                      do! context.SignInAsync("web", principal ann)
                  with :? InvalidOperationException as e ->
                      do! context.Response.WriteAsync e.Message
              })
          >=> respond (fun _ -> Tasks.Task.CompletedTask) ]

let private signingIn =
    onBoth "promise 4: SignInAsync gives a new id; the old cookie is worthless" (fun server ->
        task {
            use! app = start { web site with Server = server }
            let browser = app.NewBrowser()
            let! _ = browser.Get "/count"
            let before = browser.Copy()
            let! answer = browser.Get "/in"
            Expect.equal (answer.Body, answer.SetCookies.Length) ("nobody", 1) "in force from the next request on"
            let! me = browser.Get "/me"
            Expect.equal me.Body "Ann Lee" "who it is"
            let! shown = browser.Get "/show"
            Expect.equal shown.Body "1" "what was there is kept"

            for path, expected in [ "/me", "nobody"; "/show", "0"; "/owner", "nobody" ] do
                let! old = before.Get path
                Expect.equal old.Body expected $"the old cookie at {path}"

            Expect.stringContains (me.Header "vary") "Cookie" "promise 20: it differs by cookie"
            Expect.stringContains (me.Header "cache-control") "private" "promise 20: and is private"
        })

let private others =
    [ testCaseTask "who signed in by Session.signInWith is the user, with these claims and no values" (fun () ->
          task {
              use! app = start (web site)
              let browser = app.NewBrowser()
              let! _ = browser.Get "/count"
              let! _ = browser.Get "/by-session"
              let! me = browser.Get "/me"
              Expect.equal me.Body "Eve" "by the claim"
              let! claims = browser.Get "/claims"
              Expect.equal claims.Body $"{identifier}=eve\nname=Eve" "owner and claims only"
          })

      testCaseTask "who signed in by SignInAsync is the owner, with the claims" (fun () ->
          task {
              use! app = start (web site)
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! owner = browser.Get "/owner"
              Expect.equal owner.Body "ann" "for withOwner"
              let! claims = browser.Get "/claims"

              Expect.equal
                  claims.Body
                  (String.Join("\n", [ for claimType, value in ann -> $"{claimType}={value}" ] |> List.sort))
                  "the same claims come back"
          })

      testCaseTask "a second user in the same browser inherits nothing" (fun () ->
          task {
              use! app = start (web site)
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let! _ = browser.Get "/count"
              let! _ = browser.Get "/bob"
              let! me = browser.Get "/me"
              Expect.equal me.Body "bob" "the owner is the name"
              let! claims = browser.Get "/claims"
              Expect.equal claims.Body $"{identifier}=bob\nsub=bob" "no claim of the one before"
              let! shown = browser.Get "/show"
              Expect.equal shown.Body "0" "no value either"
          })

      testCaseTask "promise 9: SignOutAsync ends the session, for every copy of the cookie" (fun () ->
          task {
              use! app = start (web site)
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let copy = browser.Copy()
              let! out = browser.Get "/out"
              Expect.equal out.SetCookies.Length 1 "the cookie goes"
              Expect.isEmpty browser.Cookies "from the browser"
              let! me = copy.Get "/me"
              Expect.equal me.Body "nobody" "and a copy is worthless"
              let! again = browser.Get "/out"
              Expect.equal (again.Status, again.SetCookies) (200, []) "signing out twice does no harm"
          })

      testCaseTask "a principal that says nothing of whose it is signs nobody in" (fun () ->
          task {
              use! app = start (web site)
              let browser = app.NewBrowser()
              let! answer = browser.Get "/nameless"
              Expect.equal (answer.Status, answer.SetCookies) (500, []) "an error"
              Expect.stringContains answer.Body "ArgumentException" "of the caller"
              Expect.stringContains answer.Body "\"sub\"" "that says what is looked for"
          })

      testCaseTask "after the response has started a sign-in raises, and nothing is stored" (fun () ->
          task {
              let host = web site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start { host with Setup = SessionSetup.driver "memory" driver.Driver }
              let! answer = app.NewBrowser().Get "/started"
              Expect.stringContains answer.Body "the response has started" "it says why"
              Expect.equal (driver.Count StoreOperation.Create) 0 "nothing was stored"
          })

      testCaseTask "promise 27: revokeOwner signs the user out everywhere at once" (fun () ->
          task {
              use! app = start (web site)
              let browsers = [ app.NewBrowser(); app.NewBrowser() ]

              for browser in browsers do
                  let! _ = browser.Get "/in"
                  ()

              let! ended = app.Registry |> SessionRegistry.revokeOwner "web" "ann" CancellationToken.None
              Expect.equal ended 2 "both"

              for browser in browsers do
                  let! me = browser.Get "/me"
                  Expect.equal me.Body "nobody" "signed out"
          })

      testCaseTask "promise 27: a sign-in that races revokeOwner loses, and says so" (fun () ->
          task {
              let host = web site
              let gate = Gate(memory host.Clock, StoreOperation.Create)
              use! app = start { host with Setup = SessionSetup.driver "memory" gate.Driver }
              let signingIn = app.NewBrowser().Get "/in"
              do! gate.Reached
              let! _ = app.Registry |> SessionRegistry.revokeOwner "web" "ann" CancellationToken.None
              gate.Open()
              let! answer = signingIn
              Expect.equal (answer.Status, answer.SetCookies) (500, []) "an error, no cookie"
              Expect.stringStarts answer.Body "error page: SessionConflictException" "which one"
          })

      testCaseTask "promise 14, 25: while the store is down nobody is anonymous who has a cookie" (fun () ->
          task {
              let host = web site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start { host with Setup = SessionSetup.driver "memory" driver.Driver }
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              driver.Behave <- fun _ -> Behaviour.FailBefore
              let! answer = browser.Get "/me"
              Expect.equal answer.Status 500 "an error"
              Expect.stringStarts answer.Body "error page: SessionStoreException" "which one"
              let! stranger = app.NewBrowser().Get "/me"
              Expect.equal stranger.Body "nobody" "a stranger is served"
              let! signIn = app.NewBrowser().Get "/in"
              Expect.equal (signIn.Status, signIn.SetCookies) (500, []) "and cannot sign in"
              driver.Behave <- fun _ -> Behaviour.Pass
              let! back = browser.Get "/me"
              Expect.equal back.Body "Ann Lee" "when it is back, so is the user"
          })

      testCaseTask "promise 8: authentication loads once a request, and a stranger's not at all" (fun () ->
          task {
              let host = web site
              let driver = TestDriver.Counting(memory host.Clock)
              use! app = start { host with Setup = SessionSetup.driver "memory" driver.Driver }
              let browser = app.NewBrowser()
              let! _ = app.NewBrowser().Get "/show"
              Expect.equal driver.Calls [] "nothing for a stranger"
              let! _ = browser.Get "/in"
              driver.Forget()
              let! _ = browser.Get "/owner"
              Expect.equal driver.Calls [ StoreOperation.Load ] "one load for both"
          }) ]

let private results =
    testCaseTask "Results.SignIn, SignOut, Challenge and Forbid work" (fun () ->
        task {
            let site =
                choose
                    [ route "/in" >=> ofResult (Results.SignIn(principal ann, null, "web"))
                      route "/out" >=> ofResult (Results.SignOut(null, [| "web" |]))
                      route "/challenge" >=> ofResult (Results.Challenge(null, [| "web" |]))
                      route "/forbid" >=> ofResult (Results.Forbid(null, [| "web" |]))
                      route "/me" >=> user ]

            use! app = start (web site)
            let browser = app.NewBrowser()

            for path, status, name in
                [ "/in", 200, "Ann Lee"
                  "/challenge", 401, "Ann Lee"
                  "/forbid", 403, "Ann Lee"
                  "/out", 200, "nobody" ] do
                let! answer = browser.Get path
                Expect.equal answer.Status status path
                let! me = browser.Get "/me"
                Expect.equal me.Body name $"after {path}"
        })

[<Tests>]
let tests = testList "SessionAuthentication" (signingIn :: results :: others)
