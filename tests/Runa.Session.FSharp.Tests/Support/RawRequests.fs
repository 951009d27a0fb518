/// Requests as bytes.
module internal Runa.Session.Tests.RawRequests

open System
open System.IO
open System.Net.Sockets
open System.Text
open System.Threading.Tasks

/// What a server answers to these very bytes, until it closes the connection.
let exchange (address: Uri) (request: byte[]) : Task<string> =
    task {
        use socket = new TcpClient()
        do! socket.ConnectAsync(address.Host, address.Port)
        use stream = socket.GetStream()
        do! stream.WriteAsync(ReadOnlyMemory request)
        use reader = new StreamReader(stream, Encoding.Latin1)
        return! reader.ReadToEndAsync()
    }

/// A request whose Cookie lines are these bytes.
let rawRequest (path: string) (cookies: byte[] list) : byte[] =
    let ascii (text: string) = Encoding.ASCII.GetBytes text

    Array.concat
        [ ascii $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
          for cookie in cookies do
              ascii "Cookie: "
              cookie
              ascii "\r\n"
          ascii "\r\n" ]
