module Sample.Program

open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Runa.Session

[<EntryPoint>]
let main args =
    let builder = WebApplication.CreateBuilder args
    // The environment wins over the file.
    builder.Configuration.AddSessionToml("config/session.toml").AddEnvironmentVariables() |> ignore
    builder.Services.AddRunaSession(builder.Configuration) |> ignore
    builder.Services.AddAntiforgery(fun options -> options.Cookie.Name <- "sample_antiforgery")
    |> ignore

    let app = builder.Build()

    ContentSecurity.add app |> ignore

    app.UseExceptionHandler(
        ExceptionHandlerOptions(
            ExceptionHandler = toRequestDelegate Handlers.failed,
            StatusCodeSelector = Handlers.statusOf
        )
    )
    |> ignore

    app.UseStaticFiles() |> ignore
    app.Run(toRequestDelegate Routing.app)
    app.Run()
    0
