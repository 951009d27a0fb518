/// Applications of Saturn's `application`, on a server in memory.
module internal Runa.Session.Tests.SaturnHosting

open System
open System.Threading.Tasks
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.TestSupport
open Saturn

/// What every application of the tests begins with; it registers no sessions.
let onTestServer (logs: Logs) (state: ApplicationState) : ApplicationState =
    let register (services: IServiceCollection) = services.AddSingleton<TimeProvider>(clock ())

    let quietly (builder: ILoggingBuilder) =
        builder.ClearProviders().AddProvider(logs).SetMinimumLevel(LogLevel.Trace) |> ignore

    { state with
        WebHostConfigs = (fun web -> web.UseTestServer()) :: state.WebHostConfigs
        HostConfigs = (fun host -> host.ConfigureLogging quietly) :: state.HostConfigs
        ServicesConfig = register :: state.ServicesConfig }

/// The settings of use_runa_session here: the tests' secret and driver.
let over (driver: SessionDriver) : SessionSetup -> SessionSetup =
    SessionSetup.secrets [ secret ] >> SessionSetup.driver "memory" driver

type ApplicationBuilder with

    [<CustomOperation "on_test_server">]
    member _.OnTestServer(state: ApplicationState, logs: Logs) = onTestServer logs state

/// Runs the application while a browser visits it.
let visitingHost (builder: IHostBuilder) (visit: IHost -> Browser -> Task<unit>) : Task<unit> =
    task {
        let host = builder.Build()
        use! app = App.Start(host, clock (), new Logs())
        do! visit host (app.NewBrowser())
        do! host.StopAsync()
    }
