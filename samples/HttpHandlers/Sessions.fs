/// Sessions for handlers of the type HttpContext -> Task, which Falco and Oxpecker have. A file to copy; it needs nothing but
/// SessionScope. Open it after Runa.Session, which has the same names for Giraffe's type.
module Sample.Sessions

open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Runa.Session

/// Falco's HttpHandler, Oxpecker's EndpointHandler.
type Handler = HttpContext -> Task

/// Oxpecker's EndpointMiddleware.
type Middleware = Handler -> Handler

let private stepping name whenGone (step: Session -> struct (Session * Handler)) : Handler =
    fun context ->
        task {
            let scope = context.GetSessionScope name
            let! struct (handler, _) = scope.Step(whenGone, step, CancellationToken.None)
            return! handler context
        }

/// Runs the step, commits the session that it hands back, then runs the handler beside it. The step must be pure: when
/// another request got there first it runs again on the newer session, and only the last handler runs.
let withSession (name: string) (step: Session -> Session * Handler) : Handler =
    stepping name WhenGone.StepAgainUnlessOwned (fun session ->
        let session, handler = step session
        struct (session, handler))

/// As withSession, and goes on.
let updateSession (name: string) (step: Session -> Session) : Middleware =
    fun next -> stepping name WhenGone.StepAgainUnlessOwned (fun session -> struct (step session, next))

/// Runs a handler made from the session. Nothing of it is written.
let readSession (name: string) (handler: Session -> Handler) : Handler =
    stepping name WhenGone.StepAgain (fun session -> struct (session, handler session))

/// As withSession where somebody is signed in; `otherwise` where nobody is.
let withOwner (name: string) (otherwise: Handler) (step: string -> Session -> Session * Handler) : Handler =
    stepping name WhenGone.StepAgain (fun session ->
        match Session.owner session with
        | Some owner ->
            let session, handler = step owner session
            struct (session, handler)
        | None -> struct (session, otherwise))

/// As withSession, for a step that does I/O: it runs once, and its changes are merged.
let withSessionTask (name: string) (step: HttpContext -> Session -> Task<Session * Handler>) : Handler =
    fun context ->
        task {
            let once (session: Session) =
                task {
                    let! session, handler = step context session
                    return struct (session, handler)
                }

            let! struct (handler, _) = (context.GetSessionScope name).StepOnce once
            return! handler context
        }

/// For what follows: context.GetSession reads the session, and what context.SetSession leaves is committed before the first
/// byte of the response, or at the end. An exception drops it.
let useSession (name: string) : Middleware =
    fun next context ->
        task {
            let scope = context.GetSessionScope name
            do! scope.Prefetch()
            use _ = scope.Open null
            do! next context
            let! _ = scope.Commit()
            return ()
        }
