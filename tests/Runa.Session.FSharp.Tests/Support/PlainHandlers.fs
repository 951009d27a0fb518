/// Applications of samples/HttpHandlers' handlers, by path.
module internal Runa.Session.Tests.PlainHandlers

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

let visits = SessionKey.create<int> "visits"
let note = SessionKey.create<string> "note"
let notice = SessionKey.create<string> "notice"

let text (body: string) : Handler = fun context -> context.Response.WriteAsync body
let count (session: Session) = Session.update visits 0 ((+) 1) session
let shown (session: Session) = text (string (Session.getOr visits 0 session))

let sharedRoutes: (string * Handler) list =
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
let onSite server (routes: (string * Handler) list) (visit: App -> Task<unit>) : Task<unit> =
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

let inMemory routes visit = onSite Server.InMemory routes (fun app -> visit app (app.NewBrowser()))

let expectBody (expected: string) (answer: Answer) = Expect.equal answer.Body expected "body"

/// Asks for each path in turn, and compares the bodies.
let visitAll (browser: Browser) (expected: (string * string) list) : Task<unit> =
    task {
        for path, body in expected do
            let! answer = browser.Get path
            Expect.equal answer.Body body path
    }
