namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Net
open System.Net.Sockets
open System.Text
open System.Threading
open System.Threading.Tasks

/// A generator of requests: some connections, each of which sends its next request when it has the answer to the last.
module Load =
    let private connect (port: int) : Task<NetworkStream> =
        task {
            let socket = new Socket(SocketType.Stream, ProtocolType.Tcp, NoDelay = true)
            do! socket.ConnectAsync(IPEndPoint(IPAddress.Loopback, port))
            return new NetworkStream(socket, ownsSocket = true)
        }

    let private request (path: string) (cookie: string) : ReadOnlyMemory<byte> =
        let cookie = if cookie = "" then "" else $"Cookie: {cookie}\r\n"
        ReadOnlyMemory(Encoding.ASCII.GetBytes $"GET {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n")

    /// Reads one answer whose body is "ok". Returns the number of bytes.
    let private answer (stream: NetworkStream) (buffer: byte[]) : ValueTask<int> =
        let isWhole (length: int) =
            length > 6 && ReadOnlySpan(buffer, length - 6, 6).SequenceEqual(ReadOnlySpan "\r\n\r\nok"B)

        let rec from (length: int) : ValueTask<int> =
            ValueTask<int>(
                task {
                    let! read = stream.ReadAsync(Memory(buffer, length, buffer.Length - length))

                    if read = 0 then
                        failwith "The server closed the connection."

                    if isWhole (length + read) then
                        return length + read
                    else
                        return! from (length + read)
                }
            )

        from 0

    let private check (buffer: byte[]) (length: int) =
        if not (Encoding.ASCII.GetString(buffer, 0, length).StartsWith "HTTP/1.1 200") then
            failwith $"The server answered {Encoding.ASCII.GetString(buffer, 0, min length 200)}"

    /// Makes a session for each of so many visitors. Returns their cookies.
    let visitors (port: int) (count: int) : Task<string[]> =
        task {
            use! stream = connect port
            let buffer = Array.zeroCreate<byte> 16_384
            let cookies = ResizeArray<string>()

            for _ in 1..count do
                do! stream.WriteAsync(request "/fill" "")
                let! length = answer stream buffer
                check buffer length
                let text = Encoding.ASCII.GetString(buffer, 0, length)

                cookies.Add(
                    match text.IndexOf "Set-Cookie: " with
                    | -1 -> ""
                    | at -> text.Substring(at + 12).Split(';')[0]
                )

            return cookies.ToArray()
        }

    /// Asks for a time, over so many connections. Returns the requests in a second.
    let run (port: int) (connections: int) (time: TimeSpan) (cookies: string[]) : Task<float> =
        task {
            let requests = cookies |> Array.map (request "/")
            let mutable answers = 0L
            let started = Stopwatch.StartNew()

            let asking (first: int) : Task =
                Task.Run(fun () ->
                    task {
                        use! stream = connect port
                        let buffer = Array.zeroCreate<byte> 16_384
                        let mutable next = first
                        let mutable count = 0L

                        while started.Elapsed < time do
                            do! stream.WriteAsync(requests[next % requests.Length])
                            let! length = answer stream buffer

                            if count = 0L then
                                check buffer length

                            next <- next + 1
                            count <- count + 1L

                        Interlocked.Add(&answers, count) |> ignore
                    }
                    :> Task)

            do! Task.WhenAll [ for first in 1..connections -> asking first ]
            return float answers / started.Elapsed.TotalSeconds
        }
