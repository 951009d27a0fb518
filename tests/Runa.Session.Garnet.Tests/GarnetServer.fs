/// Garnet in this process, on a free port, without Lua.
module internal Runa.Session.Tests.GarnetServers

open System
open System.Net
open System.Net.Sockets
open Garnet
open StackExchange.Redis

let private freePort () : int =
    use listener = new TcpListener(IPAddress.Loopback, 0)
    listener.Start()
    (listener.LocalEndpoint :?> IPEndPoint).Port

let private start () : ConnectionMultiplexer =
    let port = freePort ()

    let server =
        new GarnetServer([| "--port"; string port; "--bind"; "127.0.0.1"; "--memory"; "256m"; "--index"; "16m" |])

    server.Start()
    let connection = ConnectionMultiplexer.Connect $"127.0.0.1:{port},allowAdmin=true"

    AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
        connection.Dispose()
        server.Dispose())

    connection

let private started = lazy (start ())

/// To the one server of the test run.
let connection () : ConnectionMultiplexer = started.Value
