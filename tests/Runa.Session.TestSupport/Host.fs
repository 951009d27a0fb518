namespace Runa.Session.TestSupport

open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Diagnostics
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Time.Testing
open Runa.Session

/// An application of one handler, to be started.
type Host =
    {
        Server: Server
        Environment: string
        Clock: FakeTimeProvider
        Services: IServiceCollection -> unit
        Setup: SessionSetup -> SessionSetup
        /// The middleware before the handler.
        Pipeline: IApplicationBuilder -> unit
        Protocols: HttpProtocols
        Handler: HttpHandler
    }

[<AutoOpen>]
module Hosts =

    let host (handler: HttpHandler) : Host =
        { Server = Server.InMemory
          Environment = "Production"
          Clock = clock ()
          Services = ignore
          Setup = id
          Pipeline = ignore
          Protocols = HttpProtocols.Http1
          Handler = handler }

    /// Not yet started, so that a test can see it not start.
    let build (host: Host) (register: IServiceCollection -> unit) : WebApplication * Logs =
        let logs = new Logs()
        let options = WebApplicationOptions(EnvironmentName = host.Environment, ApplicationName = "Tests")
        let builder = host.Server.Builder(options, host.Clock, logs, host.Protocols)
        host.Services builder.Services
        register builder.Services
        let app = builder.Build()
        host.Pipeline app
        app.Run(toRequestDelegate host.Handler)
        app, logs

    /// Runs it without AddRunaSession; `Services` may have called it.
    let startBare (host: Host) : Task<App> =
        let app, logs = build host ignore
        App.Start(app, host.Clock, logs)

    let start (host: Host) : Task<App> =
        startBare
            { host with
                Services =
                    fun services ->
                        host.Services services
                        services.AddRunaSession(SessionSetup.secrets [ secret ] >> host.Setup) |> ignore }

    /// An error page that shows the exception.
    let errorPage (app: IApplicationBuilder) : unit =
        let show (context: HttpContext) : Task =
            let text =
                match context.Features.Get<IExceptionHandlerFeature>() with
                | null -> "nothing"
                | feature -> $"{feature.Error.GetType().Name}: {feature.Error.Message}"

            context.Response.WriteAsync $"error page: {text}"

        app.UseExceptionHandler(fun (page: IApplicationBuilder) -> page.Run(RequestDelegate show)) |> ignore
