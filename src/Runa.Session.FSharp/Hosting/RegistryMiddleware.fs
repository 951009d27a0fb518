namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http

/// The first thing in the pipeline: leaves the registry among each request's features.
[<Sealed>]
type internal RegistryMiddleware(registry: SessionRegistry) =
    /// Servers answer an exception that nobody handled with a bare 500, without what OnStarting would add. A session that
    /// was stored under a new id would be lost to the browser: so that response is made here (promise 20).
    static let answerFailed (context: HttpContext) (e: exn) : Task =
        task {
            let sessions = RequestSessions.TryOf context

            if not (isNull sessions) && not context.Response.HasStarted && sessions.SetsCookie then
                context.Response.Clear()
                context.Response.StatusCode <- StatusCodes.Status500InternalServerError
                do! context.Response.CompleteAsync()

            ExceptionDispatchInfo.Throw e
        }

    static let watched (context: HttpContext) (running: Task) : Task =
        task {
            try
                do! running
            with e ->
                do! answerFailed context e
        }

    interface IStartupFilter with
        member _.Configure next =
            Action<IApplicationBuilder>(fun app ->
                app.Use(fun (next: RequestDelegate) ->
                    RequestDelegate(fun context ->
                        context.Features.Set<SessionRegistry> registry

                        let running =
                            try
                                next.Invoke context
                            with e ->
                                Task.FromException e

                        if running.IsCompletedSuccessfully then running else watched context running))
                |> ignore

                next.Invoke app)
