namespace Runa.Session

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http

/// The first middleware of the pipeline. Begins the sessions of each request. If a request fails whose response sets a
/// session's cookie, it sends that response.
[<Sealed>]
type internal RegistryMiddleware(host: SessionHost) =
    let devices = DeviceEndpoints.Of host.Registry

    static let statusOf (e: exn) : int =
        match e with
        // As servers do, for a body that is too large, and the like.
        | :? BadHttpRequestException as e -> e.StatusCode
        | _ -> StatusCodes.Status500InternalServerError

    /// Servers answer an unhandled exception with a bare 500, without the headers that OnStarting would add, and the
    /// browser would lose a session that was stored under a new id. So this sends the response itself (promise 20).
    static let answerFailed (context: HttpContext) (e: exn) : Task =
        task {
            let setsCookie =
                match RequestSessions.TryOf context with
                | null -> false
                | sessions -> sessions.SetsCookie

            if setsCookie && not context.Response.HasStarted then
                context.Response.Clear()
                context.Response.StatusCode <- statusOf e
                do! context.Response.CompleteAsync()

            ExceptionDispatchInfo.Throw e
        }

    static let watched (context: HttpContext) (running: Task) : Task =
        task {
            try
                do! running
            with
            | :? SessionUnprovenException when not context.Response.HasStarted -> Unproven.refuse context
            | e -> do! answerFailed context e
        }

    let tryAnswer (context: HttpContext) : Task | null =
        match devices with
        | null -> null
        | devices -> devices.TryAnswer context

    let go (next: RequestDelegate) (context: HttpContext) : Task =
        RequestSessions.Begin(context, host) |> ignore

        let running =
            try
                next.Invoke context
            with e ->
                Task.FromException e

        if running.IsCompletedSuccessfully then running else watched context running

    interface IStartupFilter with
        member _.Configure next =
            Action<IApplicationBuilder>(fun app ->
                app.Use(fun (next: RequestDelegate) ->
                    RequestDelegate(fun context ->
                        match tryAnswer context with
                        | null -> go next context
                        | answering -> answering))
                |> ignore

                next.Invoke app)
