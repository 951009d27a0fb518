module Sample.Program

open System
open Giraffe
open Giraffe.EndpointRouting
open Microsoft.AspNetCore.Builder
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Runa.Session

let build (args: string[]) : WebApplication =
    let builder =
        // Static files and settings are in the program's folder, so that it runs from any folder.
        WebApplication.CreateBuilder(WebApplicationOptions(Args = args, ContentRootPath = AppContext.BaseDirectory))

    builder.Configuration.AddSessionToml "config/session.toml" |> ignore
    builder.Services.AddGiraffe().AddRunaSession(builder.Configuration) |> ignore

    builder.Services.AddAntiforgery(fun options -> options.Cookie.Name <- "sample_antiforgery")
    |> ignore

    let app = builder.Build()

    (ContentSecurity.add app)
        .UseGiraffeErrorHandler(ErrorHandler.page)
        .UseStaticFiles()
        .UseRouting()
        .UseGiraffe(Endpoints.all)
        .UseGiraffe(Routing.app)

    app

[<EntryPoint>]
let main args =
    (build args).Run()
    0
