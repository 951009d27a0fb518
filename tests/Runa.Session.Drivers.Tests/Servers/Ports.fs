/// Ports for the servers that the tests start.
module internal Runa.Session.Tests.Ports

open System
open System.Collections.Concurrent
open System.Net
open System.Net.Sockets

let private given = ConcurrentDictionary<int, bool>()

/// A port of the loopback on which nobody listens and which nobody else in this process was given. It lies below the ports that
/// the system gives to clients (32768 and up on Linux), so no client takes it before the server does. So does the port of a
/// Redis cluster's bus, which is 10,000 higher and may not be beyond 65535.
let rec free () : int =
    let port = Random.Shared.Next(10_000, 22_000)

    try
        if given.TryAdd(port, true) then
            use listener = new TcpListener(IPAddress.Loopback, port)
            listener.Start()
            port
        else
            free ()
    with :? SocketException ->
        free ()

/// Keeps a port from everybody until it is disposed of: who connects is refused.
let hold (port: int) : IDisposable =
    let socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)

    try
        socket.Bind(IPEndPoint(IPAddress.Loopback, port))
        socket
    with _ ->
        socket.Dispose()
        reraise ()
