/// What the scenarios keep in a session, and handlers of every flavour.
module Runa.Session.TestSupport.Scenarios.Visits

open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Expecto
open Runa.Session
open Runa.Session.TestSupport

let visits = SessionKey.create<int> "visits"
let notice = SessionKey.create<string> "notice"

let add: Session -> Session = Session.update visits 0 ((+) 1)

/// Answers the visits.
let shown (flavour: Flavour) (session: Session) : HttpHandler = flavour.Text(string (Session.getOr visits 0 session))

/// Adds one visit, and answers the count.
let count (flavour: Flavour) (session: Session) : Session * HttpHandler =
    let session = add session
    session, shown flavour session

/// Behind useSession: leaves one more visit, and goes on.
let leave (name: string) : HttpHandler =
    fun next ctx ->
        ctx.GetSession name |> add |> ctx.SetSession
        next ctx

/// Behind useSession: answers the visits.
let got (flavour: Flavour) (name: string) : HttpHandler = fun next ctx -> shown flavour (ctx.GetSession name) next ctx

/// Writes a response and ends the pipeline.
let respond (write: HttpContext -> Task) : HttpHandler =
    fun _ ctx ->
        task {
            do! write ctx
            return Some ctx
        }

let raising (error: exn) : HttpHandler = fun _ _ -> raise error

/// Declines.
let declining: HttpHandler = fun _ _ -> Task.FromResult None

let expectBody (expected: string) (message: string) (answer: Answer) =
    Expect.equal (answer.Status, answer.Body) (200, expected) message

let expectError (name: string) (message: string) (answer: Answer) =
    Expect.equal (answer.Status, answer.Body) (503, $"error handler: {name}, sent: False") message
