/// Ports for the servers that the tests start.
module internal Runa.Session.Tests.Ports

open System
open System.Net
open System.Net.Sockets

/// A port of the loopback on which nobody listens. It lies below the ports that the system gives to clients (32768 and up on
/// Linux), so no client takes it before the server does, or while a test has the server stopped. So does the port of a Redis
/// cluster's bus, which is 10,000 higher and may not be beyond 65535.
let rec free () : int =
    let port = Random.Shared.Next(10_000, 22_000)

    try
        use listener = new TcpListener(IPAddress.Loopback, port)
        listener.Start()
        port
    with :? SocketException ->
        free ()
