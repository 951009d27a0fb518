/// The few handlers and combinators that a framework brings, in Giraffe's form: the tests read like an application.
module internal Runa.Session.Tests.Handlers

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session

/// As Giraffe's: nothing runs any more once the response has started.
let (>=>) (first: HttpHandler) (second: HttpHandler) : HttpHandler =
    fun next ->
        let both = first (second next)
        fun context -> if context.Response.HasStarted then next context else both context

let private declined: HttpFuncResult = Task.FromResult None

/// Declines.
let skip: HttpHandler = fun _ _ -> declined

/// Does something, then goes on.
let perform (action: HttpContext -> Task) : HttpHandler =
    fun next context ->
        task {
            do! action context
            return! next context
        }

/// Writes a response and ends the pipeline.
let respond (write: HttpContext -> Task) : HttpHandler =
    fun _ context ->
        task {
            do! write context
            return Some context
        }

let text (body: string) : HttpHandler =
    respond (fun context ->
        context.Response.ContentType <- "text/plain"
        context.Response.WriteAsync body)

let setStatusCode (status: int) : HttpHandler =
    fun next context ->
        context.Response.StatusCode <- status
        next context

let setHeader (name: string) (value: string) : HttpHandler =
    fun next context ->
        context.Response.Headers.Append(name, value)
        next context

let redirectTo (isPermanent: bool) (location: string) : HttpHandler =
    respond (fun context ->
        context.Response.Redirect(location, isPermanent)
        Task.CompletedTask)

let raising (e: exn) : HttpHandler = fun _ _ -> raise e

let route (path: string) : HttpHandler =
    fun next context -> if context.Request.Path = PathString path then next context else declined

let subRoute (path: string) (handler: HttpHandler) : HttpHandler =
    fun next context ->
        let mutable rest = PathString()
        let before = context.Request.Path

        if not (before.StartsWithSegments(PathString path, &rest)) then
            declined
        else
            context.Request.Path <- rest

            task {
                let! result = handler next context
                context.Request.Path <- before
                return result
            }

let choose (handlers: HttpHandler list) : HttpHandler =
    fun next context ->
        let rec from (handlers: HttpHandler list) =
            task {
                match handlers with
                | [] -> return None
                | handler :: rest ->
                    match! handler next context with
                    | Some context -> return Some context
                    | None -> return! from rest
            }

        from handlers

let visits = SessionKey.create<int> "visits"
let notice = SessionKey.create<string> "notice"

/// Adds one visit, and answers the count.
let count (session: Session) : Session * HttpHandler =
    let n = 1 + Session.getOr visits 0 session
    Session.set visits n session, text (string n)

/// Answers what stands in the session under "visits".
let shown (session: Session) : HttpHandler = text (string (Session.getOr visits 0 session))

/// Behind useSession: leaves one more visit, and goes on.
let leave (name: string) : HttpHandler =
    fun next context ->
        context.SetSession(context.GetSession name |> Session.update visits 0 ((+) 1))
        next context

let ofHours (hours: float) = TimeSpan.FromHours hours

/// Shows the number of visits, and changes nothing.
let shownVisits: HttpHandler =
    withSession "web" (fun session -> session, text $"{Session.getOr visits 0 session}")
