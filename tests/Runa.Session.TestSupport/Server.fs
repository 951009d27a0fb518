namespace Runa.Session.TestSupport

open System
open System.Net
open System.Security.Cryptography.X509Certificates
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Server.Kestrel.Core
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Time.Testing
open Expecto

/// What serves an application.
[<RequireQualifiedAccess>]
type Server =
    | InMemory
    | Kestrel
    /// Kestrel with TLS by this certificate, on this port; 0: on a free one.
    | Https of X509Certificate2 * port: int

    /// Where Kestrel listens.
    member server.Listen(options: KestrelServerOptions, protocols: HttpProtocols) : unit =
        options.AllowSynchronousIO <- true

        let on (port: int) (secure: ListenOptions -> unit) =
            options.Listen(
                IPAddress.Loopback,
                port,
                fun listen ->
                    listen.Protocols <- protocols
                    secure listen
            )

        match server with
        | InMemory -> ()
        | Kestrel -> on 0 ignore
        | Https(certificate, port) -> on port (fun listen -> listen.UseHttps certificate |> ignore)

    /// A builder of nothing but this server, the test's clock, and logs that are kept.
    member server.Builder
        (options: WebApplicationOptions, clock: FakeTimeProvider, logs: Logs, protocols: HttpProtocols)
        : WebApplicationBuilder =
        let builder = WebApplication.CreateEmptyBuilder options

        match server with
        | InMemory ->
            builder.WebHost.UseTestServer(fun (options: TestServerOptions) -> options.AllowSynchronousIO <- true)
            |> ignore
        | Kestrel
        | Https _ -> builder.WebHost.UseKestrel(fun options -> server.Listen(options, protocols)) |> ignore

        builder.Logging.AddProvider(logs :> ILoggerProvider) |> ignore
        builder.Services.AddSingleton<TimeProvider> clock |> ignore
        builder

[<AutoOpen>]
module Servers =

    /// One test on each server.
    let onBoth (name: string) (body: Server -> Task<unit>) : Test =
        testList
            name
            [ testCaseTask "in memory" (fun () -> body Server.InMemory)
              testCaseTask "over Kestrel" (fun () -> body Server.Kestrel) ]
