module Sample.Program

open System
open System.IO
open Microsoft.AspNetCore.Antiforgery
open Microsoft.Extensions.Hosting
open Runa.Session
open Saturn

/// Static files and settings are in the program's folder, so that it runs from any folder.
let private folder = AppContext.BaseDirectory

let build (args: string[]) : IHost =
    let app =
        application {
            cli_arguments args
            host_config _.UseContentRoot(folder)
            use_session_toml "config/session.toml"
            use_runa_session id
            use_antiforgery_with_config (fun (options: AntiforgeryOptions) ->
                options.Cookie.Name <- "sample_antiforgery")
            app_config ContentSecurity.add
            use_static (Path.Combine(folder, "wwwroot"))
            error_handler ErrorHandler.page
            use_router Site.site
            disable_diagnostics
        }

    app.Build()

[<EntryPoint>]
let main args =
    (build args).Run()
    0
