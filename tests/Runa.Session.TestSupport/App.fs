namespace Runa.Session.TestSupport

open System
open System.Net.Http
open System.Threading.Tasks
open Microsoft.AspNetCore.Hosting.Server
open Microsoft.AspNetCore.Hosting.Server.Features
open Microsoft.AspNetCore.TestHost
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Time.Testing
open Runa.Session

/// A running application, whatever built it, and clients of it.
[<Sealed>]
type App private (host: IHost, clock: FakeTimeProvider, logs: Logs, address: Uri, client: HttpMessageInvoker) =
    member _.Address = address
    member _.Clock = clock
    member _.Logs = logs
    member _.Services = host.Services
    member _.Registry = host.Services.GetRequiredService<SessionRegistry>()
    member _.Client = client
    member _.NewBrowser() = Browser client

    /// Starts it. Its server is one of the tests' (in memory), or has an address.
    static member Start(host: IHost, clock: FakeTimeProvider, logs: Logs) : Task<App> =
        task {
            do! host.StartAsync()
            let server = host.Services.GetRequiredService<IServer>()

            match server, server.Features.Get<IServerAddressesFeature>() with
            | :? TestServer as server, _ ->
                let address = Uri "http://localhost/"
                return new App(host, clock, logs, address, Client.behind (server.CreateHandler()) address)
            | _, null -> return invalidOp "The server has no address."
            | _, addresses ->
                let address = Uri(Seq.head addresses.Addresses)
                return new App(host, clock, logs, address, Client.over address)
        }

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            client.Dispose()

            match host with
            | :? IAsyncDisposable as host -> host.DisposeAsync()
            | host ->
                host.Dispose()
                ValueTask()
