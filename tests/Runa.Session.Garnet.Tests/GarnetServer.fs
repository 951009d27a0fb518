/// Garnet in this process, on a free port, without Lua.
module internal Runa.Session.Tests.GarnetServers

open System
open Garnet
open StackExchange.Redis

let private start () : ConnectionMultiplexer =
    let port = Ports.free ()

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
