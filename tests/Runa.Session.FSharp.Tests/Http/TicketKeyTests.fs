/// Cookie authentication: every sign-in gives the ticket a new key, so a planted cookie is worthless.
module Runa.Session.Tests.TicketKeyTests

open System
open System.Collections.Concurrent
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

let private owned (app: App) (owner: string) =
    app.Registry |> SessionRegistry.forOwner "tickets" owner CancellationToken.None

let private store (app: App) = SessionTicketStore(app.Registry, "tickets") :> ITicketStore

/// The cookie of a key, as only the application could write it.
let private cookieOf (app: App) (key: string) : string =
    let options = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get scheme
    let claim = Claim("Microsoft.AspNetCore.Authentication.Cookies-SessionId", key)
    options.TicketDataFormat.Protect(AuthenticationTicket(ClaimsPrincipal(ClaimsIdentity [ claim ]), scheme))

let private anonymous = [ "email", "a@b.example" ]

let private visits =
    choose
        [ route "/anonymous" >=> signIn scheme anonymous >=> text "in"
          route "/twice" >=> signIn scheme bob >=> signIn scheme ann >=> text "in"
          route "/inout" >=> signIn scheme ann >=> signOut scheme >=> text "out"
          route "/swap" >=> signOut scheme >=> signIn scheme bob >=> text "in"
          site ]

let private expectUser (browser: Browser) (expected: string) (why: string) =
    task {
        let! me = browser.Get "/me"
        Expect.equal me.Body expected why
    }

let private keys =
    [ onBoth "promise 4: a cookie that an attacker planted is worthless after the victim signed in" (fun server ->
          task {
              for planted in [ "/bob"; "/anonymous" ] do
                  use! app = start { tickets (host visits) with Server = server }
                  let attacker = app.NewBrowser()
                  let! _ = attacker.Get planted
                  let victim = attacker.Copy()
                  let key = keyIn app attacker
                  app.Clock.Advance(TimeSpan.FromMinutes 1.)
                  let! answer = victim.Get "/in"
                  Expect.equal (answer.Status, answer.SetCookies.Length) (200, 1) "signed in"
                  Expect.notEqual (keyIn app victim) key "a new key"
                  do! expectUser attacker "nobody" $"the attacker, who planted the cookie of {planted}"
                  do! expectUser victim "Ann Lee" "the victim"
                  let! ticket = (store app).RetrieveAsync key
                  Expect.isNull ticket "nothing is under the old key"
                  let! bobs = owned app "bob"
                  Expect.isEmpty bobs "the attacker's session has ended"
          })

      onBoth "promise 3: a key that was made up, or whose ticket is gone, is never adopted" (fun server ->
          task {
              use! app = start { tickets (host visits) with Server = server }
              let gone = app.NewBrowser()
              let! _ = gone.Get "/bob"
              let old = gone.Copy()
              let! _ = gone.Get "/out"
              let unknown = app.Registry.Find("tickets").Definition.Token.Create().Text

              for key in [ "made up"; unknown; keyIn app old ] do
                  let attacker = app.NewBrowser()
                  attacker.SetCookie(cookie, cookieOf app key)
                  let victim = attacker.Copy()
                  let! _ = victim.Get "/in"
                  Expect.notEqual (keyIn app victim) key "a new key"
                  do! expectUser victim "Ann Lee" "the victim"
                  do! expectUser attacker "nobody" "the attacker"
          })

      testCaseTask "promise 4: the same user who signs in again gets a new key, and a new time" (fun () ->
          task {
              use! app = start (tickets (host visits))
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"

              for _ in 1..3 do
                  let before = browser.Copy()
                  app.Clock.Advance(TimeSpan.FromMinutes 10.)
                  let! _ = browser.Get "/in"
                  do! expectUser before "nobody" "the old cookie"
                  do! expectUser browser "Ann Lee" "the new one"
                  let! sessions = owned app "ann"

                  Expect.equal
                      (sessions |> List.map _.SignedInAt)
                      [ Some(app.Clock.GetUtcNow()) ]
                      "one session, from now on"
          })

      testCaseTask "promise 4: a ticket without an owner gets a new key, too, also after one with an owner" (fun () ->
          task {
              use! app = start (tickets (host visits))

              for first in [ "/anonymous"; "/in" ] do
                  let browser = app.NewBrowser()
                  let! _ = browser.Get first
                  let key = keyIn app browser
                  let! _ = browser.Get "/anonymous"
                  Expect.notEqual (keyIn app browser) key first
                  let! old = (store app).RetrieveAsync key
                  Expect.isNull old "nothing is under the old key"

                  match! (store app).RetrieveAsync(keyIn app browser) with
                  | null -> failtest "nothing is under the new key"
                  | found -> Expect.equal (found.Principal.FindFirstValue "email") "a@b.example" "the new ticket"

              let! anns = owned app "ann"
              Expect.isEmpty anns "ann's session has ended"
          })

      testCaseTask "several calls in one request: the cookie has the last key, and a sign-out ends it" (fun () ->
          task {
              use! app = start (tickets (host visits))
              let browser = app.NewBrowser()

              for before in [ "/out"; "/in" ] do
                  let! _ = browser.Get before
                  let! _ = browser.Get "/twice"
                  do! expectUser browser "Ann Lee" "signed in twice"
                  let! anns = owned app "ann"
                  let! bobs = owned app "bob"
                  Expect.equal (anns.Length, bobs.Length) (1, 0) "one session"

                  let! _ = browser.Get "/swap"
                  do! expectUser browser "bob" "signed out and in"

                  let! _ = browser.Get "/inout"
                  let! anns = owned app "ann"
                  let! bobs = owned app "bob"
                  Expect.equal (anns.Length, bobs.Length) (0, 0) "signed in and out"
                  do! expectUser browser "nobody" "signed in and out"
          })

      testCaseTask "each sign-in is told once, and the end of another's session, too" (fun () ->
          task {
              let heard = ConcurrentQueue<SessionEventKind * string | null>()

              let listening =
                  SessionSetup.events (fun event _ ->
                      heard.Enqueue(event.Kind, event.Owner)
                      ValueTask())

              let host = tickets (host visits)
              let! app = start { host with Setup = host.Setup >> listening }
              let browser = app.NewBrowser()

              for path in [ "/in"; "/in"; "/bob" ] do
                  let! _ = browser.Get path
                  app.Clock.Advance(TimeSpan.FromMinutes 1.)

              do! (app :> IAsyncDisposable).DisposeAsync()

              Expect.equal
                  (List.ofSeq heard)
                  [ SessionEventKind.Created, "ann"
                    SessionEventKind.SignedIn, "ann"
                    SessionEventKind.SignedIn, "ann"
                    SessionEventKind.SignedOut, "ann"
                    SessionEventKind.SignedIn, "bob" ]
                  "the events"
          })

      testCaseTask "with max_sessions, a user who signs in again stays within the limit" (fun () ->
          task {
              for whenFull in [ WhenFull.EndOldest; WhenFull.Refuse ] do
                  let limit (o: SessionSettings) = { o with MaxSessions = Some 1; WhenFull = whenFull }
                  let host = tickets (host visits)
                  use! app = start { host with Setup = host.Setup >> SessionSetup.session "tickets" limit }
                  let browser = app.NewBrowser()

                  for _ in 1..3 do
                      let! answer = browser.Get "/in"
                      Expect.equal answer.Status 200 $"{whenFull}"
                      do! expectUser browser "Ann Lee" $"{whenFull}"
                      app.Clock.Advance(TimeSpan.FromMinutes 1.)

                  let! sessions = owned app "ann"
                  Expect.hasLength sessions 1 $"{whenFull}"
          }) ]

[<Tests>]
let tests = testList "TicketKeys" keys
