module Sample.Program

open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.DependencyInjection
open Runa.Session

/// No scripts, no foreign content, and forms that post to this site only.
let private contentSecurityPolicy =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

let private statusOf (error: exn) =
    match error with
    | :? SessionConflictException -> StatusCodes.Status409Conflict
    | :? BadHttpRequestException as bad -> bad.StatusCode
    | _ -> StatusCodes.Status500InternalServerError

[<EntryPoint>]
let main args =
    let builder = WebApplication.CreateBuilder args
    builder.Configuration.AddSessionToml "config/session.toml" |> ignore
    builder.Services.AddRunaSession(builder.Configuration, id) |> ignore
    builder.Services.AddAntiforgery(fun options -> options.Cookie.Name <- "sample_antiforgery")
    |> ignore

    let app = builder.Build()

    // When the response starts: the exception handler begins by clearing what was set before.
    app.Use(fun (ctx: HttpContext) (next: RequestDelegate) ->
        ctx.Response.OnStarting(fun () ->
            ctx.Response.Headers.ContentSecurityPolicy <- contentSecurityPolicy
            Task.CompletedTask)

        next.Invoke ctx)
    |> ignore

    app.UseExceptionHandler(
        ExceptionHandlerOptions(ExceptionHandler = toRequestDelegate Handlers.failed, StatusCodeSelector = statusOf)
    )
    |> ignore

    app.UseStaticFiles() |> ignore
    app.Run(toRequestDelegate Routing.app)
    app.Run()
    0
