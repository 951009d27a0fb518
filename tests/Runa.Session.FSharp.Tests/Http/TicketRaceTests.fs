/// Sign-ins of cookie authentication that meet other requests, or a store that fails.
module Runa.Session.Tests.TicketRaceTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.Handlers
open Runa.Session.Tests.Schemes
open Runa.Session.Tests.CookieTickets

let private owned (app: App) (owner: string) =
    app.Registry |> SessionRegistry.forOwner "tickets" owner CancellationToken.None

let private on (driver: SessionDriver) (host: Host) =
    let host = tickets host
    start { host with Setup = host.Setup >> SessionSetup.driver "memory" driver }

let private expectUser (browser: Browser) (expected: string) (why: string) =
    task {
        let! me = browser.Get "/me"
        Expect.equal me.Body expected why
    }

let private races =
    [ testCaseTask "promise 12: of two sign-ins at once from one ticket both succeed, whoever they are" (fun () ->
          task {
              for second, name in [ "/in", "Ann Lee"; "/bob", "bob" ] do
                  let host = host site
                  let gate = Gate(memory host.Clock, StoreOperation.Replace)
                  use! app = on gate.Driver host
                  let slow = app.NewBrowser()
                  let! _ = slow.Get "/bob"
                  let planted = slow.Copy()
                  let quick = slow.Copy()
                  let signing = slow.Get "/in"
                  do! gate.Reached
                  let! _ = quick.Get second
                  gate.Open()
                  let! answer = signing
                  Expect.equal (answer.Status, answer.SetCookies.Length) (200, 1) "the slow one"
                  do! expectUser slow "Ann Lee" "the slow one"
                  do! expectUser quick name "the quick one"
                  do! expectUser planted "nobody" "the old key"
                  let! anns = owned app "ann"
                  let! bobs = owned app "bob"
                  Expect.equal (anns.Length + bobs.Length) 2 "no session is left over"
          })

      testCaseTask
          "promise 4: a sliding renewal that a sign-in overtakes sends no cookie, and brings nothing back"
          (fun () ->
              task {
                  let host = host site
                  let gate = Gate(memory host.Clock, StoreOperation.Replace)
                  use! app = on gate.Driver host
                  let browser = app.NewBrowser()
                  let! _ = browser.Get "/in"
                  let other = browser.Copy()
                  app.Clock.Advance(TimeSpan.FromMinutes 40.)
                  let sliding = other.Get "/me"
                  do! gate.Reached
                  let! _ = browser.Get "/in"
                  gate.Open()
                  let! late = sliding
                  Expect.equal (late.Status, late.Body) (200, "Ann Lee") "the request that was under way ends"
                  Expect.isEmpty late.SetCookies "it would overwrite the new cookie"
                  do! expectUser other "nobody" "the old key"
                  do! expectUser browser "Ann Lee" "the new one"
                  let! sessions = owned app "ann"
                  Expect.hasLength sessions 1 "one session"
              })

      testCaseTask "promise 9: a sign-out with the old key that a sign-in overtakes signs out" (fun () ->
          task {
              let host = host site
              let gate = Gate(memory host.Clock, StoreOperation.Delete)
              use! app = on gate.Driver host
              let browser = app.NewBrowser()
              let! _ = browser.Get "/in"
              let other = browser.Copy()
              let leaving = other.Get "/out"
              do! gate.Reached
              app.Clock.Advance(TimeSpan.FromSeconds 1.)
              let! _ = browser.Get "/in"
              gate.Open()
              let! _ = leaving
              let! sessions = owned app "ann"
              Expect.isEmpty sessions "a logout follows"
          }) ]

let private facts (session: OwnedSession) = session.Handle, session.CreatedAt, session.SignedInAt

let private failures =
    [ testCaseTask "promise 14: a sign-in whose store fails is an error, and leaves the session as it was" (fun () ->
          task {
              for operation, behaviour in
                  [ StoreOperation.Create, Behaviour.FailBefore
                    StoreOperation.Replace, Behaviour.FailBefore
                    StoreOperation.Epoch, Behaviour.FailBefore ] do
                  for path in [ "/in"; "/bob" ] do
                      let host = host site
                      let driver = TestDriver.Counting(memory host.Clock)
                      use! app = on driver.Driver host
                      let browser = app.NewBrowser()
                      let! _ = browser.Get "/bob"
                      let before = browser.Cookies
                      let! sessions = owned app "bob"
                      app.Clock.Advance(TimeSpan.FromSeconds 1.)
                      let left = ref 1

                      driver.Behave <-
                          fun asked ->
                              if asked = operation && Interlocked.Decrement left >= 0 then
                                  behaviour
                              else
                                  Behaviour.Pass

                      let! answer = browser.Get path
                      driver.Behave <- fun _ -> Behaviour.Pass
                      Expect.stringStarts answer.Body "error page: SessionStoreException" $"{operation} {path}"
                      Expect.equal browser.Cookies before "no cookie"
                      do! expectUser browser "bob" "as before"
                      let! after = owned app "bob"
                      Expect.equal (List.map facts after) (List.map facts sessions) "as before"
                      let! anns = owned app "ann"
                      Expect.isEmpty anns "nobody else"
          })

      testCaseTask "a sign-in after the response has started is an error, and leaves the session as it was" (fun () ->
          task {
              let mutable error = ""

              let late =
                  perform (fun context ->
                      task {
                          do! context.Response.Body.WriteAsync(ReadOnlyMemory [| 65uy |])
                          do! context.Response.Body.FlushAsync()

                          try
                              do!
                                  Microsoft.AspNetCore.Authentication.AuthenticationHttpContextExtensions.SignInAsync(
                                      context,
                                      scheme,
                                      principal ann
                                  )
                          with e ->
                              error <- e.Message
                      })

              use! app = start (tickets (host (choose [ route "/late" >=> late; site ])))
              let browser = app.NewBrowser()
              let! _ = browser.Get "/bob"
              let! _ = browser.Get "/late"
              Expect.stringContains error "the response has started" "why"
              do! expectUser browser "bob" "as before"
          }) ]

[<Tests>]
let tests = testList "TicketRaces" (races @ failures)
