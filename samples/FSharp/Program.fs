module Sample.Program

open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Http
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Runa.Session

[<EntryPoint>]
let main args =
    let builder = WebApplication.CreateBuilder args
    // The environment wins over the file.
    builder.Configuration.AddSessionToml("config/session.toml").AddEnvironmentVariables() |> ignore
    builder.Services.AddRunaSession(builder.Configuration).AddRunaSessionInspector() |> ignore
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

    if app.Environment.IsDevelopment() then
        let inspector = toRequestDelegate (sessionInspector (fun next -> next))
        app.Map(PathString "/_sessions", (fun (branch: IApplicationBuilder) -> branch.Run inspector))
        |> ignore

    app.Run(toRequestDelegate Routing.app)
    app.Run()
    0
