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

let private visits = SessionKey.create<int> "visits"
let private note = SessionKey.create<string> "note"
let private notice = SessionKey.create<string> "notice"

let private text (body: string) : Handler = fun context -> context.Response.WriteAsync body
let private count (session: Session) = Session.update visits 0 ((+) 1) session
let private shown (session: Session) = text (string (Session.getOr visits 0 session))

let private sharedRoutes: (string * Handler) list =
    [ "/count",
      withSession "web" (fun session ->
          let session = count session
          session, shown session)
      "/read", readSession "web" shown
      "/login", text "in" |> updateSession "web" (Session.signIn "ann")
      "/logout", text "out" |> updateSession "web" Session.signOut
      "/who", withOwner "web" (text "nobody") (fun owner session -> session, text owner)
      "/flash", text "queued" |> updateSession "web" (Session.flash notice "hello")
      "/take",
      withSession "web" (fun session ->
          let taken, session = Session.takeFlashes notice session
          session, text (String.Join(",", taken)))
      "/json", readSession "web" (Session.toJson >> text) ]

/// An application of these handlers, by path.
let private onSite server (routes: (string * Handler) list) (visit: App -> Task<unit>) : Task<unit> =
    task {
        let handlers = Map(sharedRoutes @ routes)

        let site: HttpHandler =
            fun _ context ->
                task {
                    do! handlers[context.Request.Path.ToString()] context
                    return Some context
                }

        use! app = start { host site with Server = server; Pipeline = errorPage }
        return! visit app
    }

let private inMemory routes visit = onSite Server.InMemory routes (fun app -> visit app (app.NewBrowser()))

let private expectBody (expected: string) (answer: Answer) = Expect.equal answer.Body expected "body"

/// Asks for each path in turn, and compares the bodies.
let private visitAll (browser: Browser) (expected: (string * string) list) : Task<unit> =
    task {
        for path, body in expected do
            let! answer = browser.Get path
            Expect.equal answer.Body body path
    }

/// A request for /rival by a browser that has a session, and what another request of the same browser does meanwhile.
let private against before act (handler: Rival -> Handler) (check: Browser -> Answer -> Task<unit>) : Task<unit> =
    let rival = Rival()

    inMemory [ "/rival", handler rival ] (fun _ browser ->
        task {
            let! _ = browser.Get before
            let other = browser.Copy()
            rival.Act <- fun () -> other.Get act
            let! answer = browser.Get "/rival"
            return! check browser answer
        })

let private keeping (rival: Rival) : Handler =
    text "saved"
    |> updateSession "web" (fun session ->
        rival.Interfere()
        Session.set note "kept" session)

let private keepingOnce (rival: Rival) : Handler =
    withSessionTask "web" (fun _ session ->
        task {
            rival.Interfere()
            return Session.set note "kept" session, text "saved"
        })

let private keepingByUse (rival: Rival) : Handler =
    useSession "web" (fun context ->
        task {
            rival.Interfere()
            context.SetSession(context.GetSession "web" |> Session.set note "kept")
            do! context.Response.WriteAsync "saved"
        })

let private ways =
    [ "updateSession", keeping; "withSessionTask", keepingOnce; "useSession", keepingByUse ]

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

          testCaseTask
              "promise 12: a step that was overtaken runs again, and the handler of the lost attempt does not"
              (fun () ->
                  let ran = ConcurrentQueue<string>()

                  let stepping (rival: Rival) : Handler =
                      withSession "web" (fun session ->
                          rival.Interfere()
                          let session = count session
                          let n = string (Session.getOr visits 0 session)

                          session,
                          fun context ->
                              ran.Enqueue n
                              text n context)

                  against "/count" "/count" stepping (fun browser answer ->
                      task {
                          expectBody "3" answer
                          Expect.equal (List.ofSeq ran) [ "3" ] "one handler"
                          do! visitAll browser [ "/read", "3" ]
                      }))

          for name, handler in ways do
              testCaseTask $"promise 12: what {name} changes survives a change of another request" (fun () ->
                  against "/count" "/count" handler (fun browser answer ->
                      task {
                          expectBody "saved" answer
                          do! visitAll browser [ "/json", "{\"note\":\"kept\",\"visits\":2}" ]
                      }))

              testCaseTask $"promise 9, 14: {name} raises when its owner signed out meanwhile" (fun () ->
                  against "/login" "/logout" handler (fun browser answer ->
                      task {
                          Expect.stringStarts answer.Body "error page: SessionConflictException" "an error"
                          Expect.equal answer.SetCookies [] "no cookie for a stranger"
                          do! visitAll browser [ "/json", "{}" ]
                      }))

          testCaseTask "promise 9: withOwner sees a sign-out in between" (fun () ->
              let guarded (rival: Rival) : Handler =
                  withOwner "web" (text "sign in") (fun owner session ->
                      rival.Interfere()
                      Session.set note "private" session, text owner)

              against "/login" "/logout" guarded (fun browser answer ->
                  task {
                      expectBody "sign in" answer
                      do! visitAll browser [ "/json", "{}" ]
                  }))

          testCaseTask "promise 9: a visitor's session that was lost meanwhile begins anew, under another id" (fun () ->
              against "/count" "/logout" keeping (fun browser answer ->
                  task {
                      expectBody "saved" answer
                      Expect.equal answer.SetCookies.Length 1 "another id"
                      do! visitAll browser [ "/json", "{\"note\":\"kept\"}" ]
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
