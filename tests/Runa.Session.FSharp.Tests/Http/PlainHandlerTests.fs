/// samples/HttpHandlers: handlers of the type HttpContext -> Task, on nothing but SessionScope.
module Runa.Session.Tests.PlainHandlerTests

open System
open System.Collections.Concurrent
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.AspNetCore.Http
open Runa.Session
open Sample.Sessions
open Runa.Session.TestSupport
open Runa.Session.TestSupport.SampleHost
open Runa.Session.Tests.PlainHandlers

[<Tests>]
let tests =
    testList
        "Plain handlers"
        [ onBoth "visits are counted, for each browser its own" (fun server ->
              onSite server [] (fun app ->
                  task {
                      let ann, bob = app.NewBrowser(), app.NewBrowser()
                      do! visitAll ann [ "/read", "0"; "/count", "1"; "/count", "2"; "/read", "2" ]
                      do! visitAll bob [ "/count", "1" ]
                      do! visitAll ann [ "/count", "3" ]
                  }))

          testCaseTask "promise 4: a sign-in changes the id, and a sign-out ends the session" (fun () ->
              inMemory [] (fun _ browser ->
                  task {
                      do! visitAll browser [ "/who", "nobody"; "/count", "1" ]
                      let before = browser.Cookies
                      do! visitAll browser [ "/login", "in"; "/who", "ann"; "/read", "1" ]
                      Expect.notEqual browser.Cookies before "another id"
                      let stolen = browser.Copy()
                      do! visitAll browser [ "/logout", "out"; "/who", "nobody" ]
                      do! visitAll stolen [ "/who", "nobody"; "/read", "0" ]
                  }))

          testCaseTask "promise 16: a flash is taken once" (fun () ->
              inMemory [] (fun _ browser ->
                  visitAll browser [ "/flash", "queued"; "/flash", "queued"; "/take", "hello,hello"; "/take", "" ]))

          onBoth "promise 13: what useSession leaves is stored before the first byte" (fun server ->
              let write: Handler =
                  useSession "web" (fun context ->
                      task {
                          context.SetSession(context.GetSession "web" |> count)
                          do! context.Response.WriteAsync "one "
                          // The response is under way, its cookie is out; this change needs no other.
                          context.SetSession(context.GetSession "web" |> count)
                          do! context.Response.WriteAsync "two"
                      })

              onSite server [ "/write", write ] (fun app ->
                  task {
                      let browser = app.NewBrowser()
                      let! answer = browser.Get "/write"
                      expectBody "one two" answer
                      Expect.equal answer.SetCookies.Length 1 "one cookie"
                      do! visitAll browser [ "/read", "2" ]
                  }))

          testCaseTask
              "promise 20: useSession leaves a response alone whose handler does not look at the session"
              (fun () ->
                  let routes =
                      [ "/blind", useSession "web" (text "blind")
                        "/looking", useSession "web" (fun context -> shown (context.GetSession "web") context) ]

                  inMemory routes (fun _ browser ->
                      task {
                          let! blind = browser.Get "/blind"
                          Expect.equal (blind.Header "Vary", blind.Header "Cache-Control") ("", "") "left alone"
                          let! looking = browser.Get "/looking"
                          Expect.equal (looking.Header "Vary") "Cookie" "varies by cookie"
                          Expect.stringContains (looking.Header "Cache-Control") "private" "private"
                      }))

          testCaseTask "an exception drops what useSession has not committed" (fun () ->
              let failing: Handler =
                  useSession "web" (fun context ->
                      context.SetSession(context.GetSession "web" |> count)
                      raise (InvalidOperationException "the handler failed"))

              inMemory [ "/failing", failing ] (fun _ browser ->
                  task {
                      do! visitAll browser [ "/count", "1" ]
                      let! answer = browser.Get "/failing"
                      expectBody "error page: InvalidOperationException: the handler failed" answer
                      do! visitAll browser [ "/read", "1" ]
                  }))

          testCaseTask "promise 12: concurrent requests of one browser are all counted" (fun () ->
              onSite Server.Kestrel [] (fun app ->
                  task {
                      let browser = app.NewBrowser()
                      do! visitAll browser [ "/count", "1" ]
                      let copies = [ for _ in 1..20 -> browser.Copy() ]
                      let! answers = Task.WhenAll [ for copy in copies -> copy.Get "/count" ]
                      let bodies = answers |> Array.map (_.Body >> int) |> Array.sort |> List.ofArray
                      Expect.equal bodies [ 2..21 ] "each is counted once"
                  }))

          testCaseTask "a session that was revoked is lost to the next request" (fun () ->
              inMemory [] (fun app browser ->
                  task {
                      do! visitAll browser [ "/login", "in"; "/count", "1" ]
                      let! ended = app.Registry |> SessionRegistry.revokeOwner "web" "ann" CancellationToken.None
                      Expect.equal ended 1 "one session"
                      do! visitAll browser [ "/who", "nobody"; "/count", "1" ]
                  })) ]

let private signIn (browser: Browser) (password: string) : Task<Answer> =
    browser.Post("/login", [ "name", "ada"; "password", password ])

[<Tests>]
let sample =
    testList
        "samples/HttpHandlers"
        [ testCaseTask "counts visits, signs in, and says so once" (fun () ->
              visitingSample (fun args -> Sample.Program.build args) (fun newBrowser ->
                  task {
                      let browser = newBrowser ()
                      do! visitAll browser [ "/", "Visits: 1"; "/", "Visits: 2"; "/account", "Sign in first." ]
                      let! wrong = signIn browser "no"
                      Expect.equal wrong.Status 401 "a wrong password"
                      let! login = signIn browser "demo"
                      Expect.equal (login.Status, login.Header "Location") (302, "/") "sent to the first page"

                      do!
                          visitAll
                              browser
                              [ "/", "Welcome back!\nVisits: 3"; "/", "Visits: 4"; "/account", "You are user-1." ]
                  })) ]
