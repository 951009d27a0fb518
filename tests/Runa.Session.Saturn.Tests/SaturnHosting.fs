/// Applications of Saturn's `application`.
module internal Runa.Session.Tests.SaturnHosting

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.TestSupport.Scenarios
open Runa.Session.Tests.GiraffeHosting
open Saturn

/// What every application of the tests begins with; it registers no sessions.
let private onServer (server: Server) (clock: TimeProvider) (logs: Logs) (state: ApplicationState) : ApplicationState =
    let register (services: IServiceCollection) = services.AddSingleton<TimeProvider> clock

    let serve (web: IWebHostBuilder) =
        match server with
        | Server.InMemory -> web.UseTestServer(fun (options: TestServerOptions) -> options.AllowSynchronousIO <- true)
        | Server.Kestrel
        | Server.Https _ -> web.UseKestrel(fun options -> server.Listen(options, HttpProtocols.Http1))

    let quietly (builder: ILoggingBuilder) =
        builder.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Trace) |> ignore

    { state with
        WebHostConfigs = serve :: state.WebHostConfigs
        HostConfigs = (fun host -> host.ConfigureLogging quietly) :: state.HostConfigs
        ServicesConfig = register :: state.ServicesConfig }

/// The settings of use_runa_session here: the tests' secret and driver.
let over (driver: SessionDriver) : SessionSetup -> SessionSetup =
    SessionSetup.secrets [ secret ] >> SessionSetup.driver "memory" driver

type ApplicationBuilder with

    [<CustomOperation "on_test_server">]
    member _.OnTestServer(state: ApplicationState, logs: Logs) = onServer Server.InMemory (clock ()) logs state

    [<CustomOperation "on_server">]
    member _.OnServer(state: ApplicationState, server: Server, clock: TimeProvider, logs: Logs) =
        onServer server clock logs state

/// Runs the application while a browser visits it.
let visitingHost (builder: IHostBuilder) (visit: IHost -> Browser -> Task<unit>) : Task<unit> =
    task {
        let host = builder.Build()
        use! app = App.Start(host, clock (), new Logs())
        do! visit host (app.NewBrowser())
        do! host.StopAsync()
    }

/// The scenarios of every flavour: Saturn's application and pipelines, over Giraffe's routes.
let saturn: Flavour =
    { flavour with
        Name = "Saturn"
        Compose =
            fun first second ->
                pipeline {
                    plug first
                    plug second
                }
        Start =
            fun site ->
                let logs = new Logs()

                let builder: IHostBuilder =
                    application {
                        on_server site.Server site.Clock logs
                        use_runa_session (over site.Driver)
                        error_handler report
                        use_router site.Handler
                    }

                App.Start(builder.Build(), site.Clock, logs) }
