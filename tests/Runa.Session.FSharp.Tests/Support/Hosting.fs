/// Applications of handlers, on a server in memory and on Kestrel.
module internal Runa.Session.Tests.Hosting

open System
open System.Collections.Concurrent
open System.Net
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Diagnostics
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Time.Testing
open Expecto
open Runa.Session
open Runa.Session.Tests.Browsers
open Runa.Session.Tests.Drivers

type LogLine =
    {
        Level: LogLevel
        Category: string
        Text: string
        /// What it was made of, which structured logs store.
        Fields: string
        Error: exn | null
    }

/// Every line that the application logs.
[<Sealed>]
type Logs() =
    let lines = ConcurrentQueue<LogLine>()
    member _.All = List.ofSeq lines

    /// Of the library.
    member logs.Ours = logs.All |> List.filter _.Category.StartsWith("Runa.Session")

    /// Of the library, of at least Warning.
    member logs.Warnings =
        logs.Ours |> List.filter (fun line -> line.Level >= LogLevel.Warning) |> List.map _.Text

    interface ILoggerProvider with
        member _.Dispose() = ()

        member _.CreateLogger category =
            { new ILogger with
                member _.BeginScope _ = null
                member _.IsEnabled _ = true

                member _.Log(level, _, state, error, format) =
                    lines.Enqueue
                        { Level = level
                          Category = category
                          Text = format.Invoke(state, error)
                          Fields = sprintf "%A" state
                          Error = error } }

[<RequireQualifiedAccess>]
type Server =
    | InMemory
    | Kestrel

/// An application to be started.
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

let host (handler: HttpHandler) : Host =
    { Server = Server.InMemory
      Environment = "Production"
      Clock = clock ()
      Services = ignore
      Setup = id
      Pipeline = ignore
      Protocols = HttpProtocols.Http1
      Handler = handler }

/// A running application.
[<Sealed>]
type App(app: WebApplication, clock: FakeTimeProvider, logs: Logs, isInMemory: bool) =
    let address = if isInMemory then Uri "http://localhost/" else Uri(Seq.head app.Urls)

    let handler: HttpMessageHandler =
        if isInMemory then
            app.GetTestServer().CreateHandler()
        else
            new SocketsHttpHandler(UseCookies = false, AllowAutoRedirect = false)

    let client = new HttpMessageInvoker(new BaseAddress(address, handler))
    member _.Address = address
    member _.Clock = clock
    member _.Logs = logs
    member _.Services = app.Services
    member _.Registry = app.Services.GetRequiredService<SessionRegistry>()
    member _.Client = client
    member _.NewBrowser() = Browser client

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            client.Dispose()
            app.DisposeAsync()

/// Not yet started, so that a test can see it not start.
let build (host: Host) (register: IServiceCollection -> unit) : WebApplication * Logs =
    let logs = new Logs()

    let builder =
        WebApplication.CreateEmptyBuilder(
            WebApplicationOptions(EnvironmentName = host.Environment, ApplicationName = "Tests")
        )

    match host.Server with
    | Server.InMemory ->
        builder.WebHost.UseTestServer(fun (options: TestServerOptions) -> options.AllowSynchronousIO <- true)
        |> ignore
    | Server.Kestrel ->
        builder.WebHost.UseKestrel(fun options ->
            options.AllowSynchronousIO <- true
            options.Listen(IPAddress.Loopback, 0, (fun listen -> listen.Protocols <- host.Protocols)))
        |> ignore

    builder.Logging.AddProvider(logs :> ILoggerProvider) |> ignore
    builder.Services.AddSingleton<TimeProvider> host.Clock |> ignore
    host.Services builder.Services
    register builder.Services
    let app = builder.Build()
    host.Pipeline app
    app.Run(toRequestDelegate host.Handler)
    app, logs

/// Runs it without AddRunaSession; `Services` may have called it.
let startBare (host: Host) : Task<App> =
    task {
        let app, logs = build host ignore
        do! app.StartAsync()
        return new App(app, host.Clock, logs, (host.Server = Server.InMemory))
    }

let start (host: Host) : Task<App> =
    startBare
        { host with
            Services =
                fun services ->
                    host.Services services
                    services.AddRunaSession(SessionSetup.secrets [ secret ] >> host.Setup) |> ignore }

/// One test on each server.
let onBoth (name: string) (body: Server -> Task<unit>) : Test =
    testList
        name
        [ testCaseTask "in memory" (fun () -> body Server.InMemory)
          testCaseTask "over Kestrel" (fun () -> body Server.Kestrel) ]

/// An error page that shows the exception.
let errorPage (app: IApplicationBuilder) : unit =
    let show (context: HttpContext) : Task =
        let text =
            match context.Features.Get<IExceptionHandlerFeature>() with
            | null -> "nothing"
            | feature -> $"{feature.Error.GetType().Name}: {feature.Error.Message}"

        context.Response.WriteAsync $"error page: {text}"

    app.UseExceptionHandler(fun (page: IApplicationBuilder) -> page.Run(RequestDelegate show)) |> ignore
