namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Net
open System.Net.Sockets
open System.Text
open System.Threading
open System.Threading.Tasks

type LoadResult = { PerSecond: float; Answers: int64 }

/// A generator of requests: some connections, each of which sends its next request when it has the answer to the last.
module Load =
    let private connect (port: int) : Task<NetworkStream> =
        task {
            let socket = new Socket(SocketType.Stream, ProtocolType.Tcp, NoDelay = true)
            do! socket.ConnectAsync(IPEndPoint(IPAddress.Loopback, port))
            return new NetworkStream(socket, ownsSocket = true)
        }

    let private request (path: string) (cookies: string) : ReadOnlyMemory<byte> =
        let cookies = if cookies = "" then "" else $"Cookie: {cookies}\r\n"
        ReadOnlyMemory(Encoding.ASCII.GetBytes $"GET {path} HTTP/1.1\r\nHost: localhost\r\n{cookies}\r\n")

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
        if not (ReadOnlySpan(buffer, 0, length).StartsWith(ReadOnlySpan "HTTP/1.1 200"B)) then
            failwith $"The server answered {Encoding.ASCII.GetString(buffer, 0, min length 200)}"

    /// The values of a header of the answer to one request.
    let private ask (stream: NetworkStream) (path: string) (cookies: string) (header: string) : Task<string list> =
        task {
            let buffer = Array.zeroCreate<byte> 16_384
            do! stream.WriteAsync(request path cookies)
            let! length = answer stream buffer
            check buffer length

            return
                [ for line in Encoding.ASCII.GetString(buffer, 0, length).Split "\r\n" do
                      if line.StartsWith(header + ": ", StringComparison.OrdinalIgnoreCase) then
                          line.Substring(header.Length + 2) ]
        }

    /// Makes a session for each of so many visitors. Returns their cookies.
    let visitors (port: int) (count: int) : Task<string[]> =
        task {
            use! stream = connect port
            let cookies = ResizeArray<string>()

            for _ in 1..count do
                let! set = ask stream "/fill" "" "Set-Cookie"
                cookies.Add(String.Join("; ", set |> List.map (fun line -> line.Split(';')[0])))

            return cookies.ToArray()
        }

    /// How often this visitor's session was written, as the store has it.
    let count (port: int) (cookies: string) : Task<int64> =
        task {
            use! stream = connect port
            let! count = ask stream "/count" cookies "X-Count"
            return int64 (List.exactlyOne count)
        }

    /// Asks for a time, over so many connections; the visitors with these cookies take turns.
    let run (port: int) (connections: int) (time: TimeSpan) (cookies: string[]) : Task<LoadResult> =
        task {
            let requests = cookies |> Array.map (request "/")
            let! streams = Task.WhenAll [ for _ in 1..connections -> connect port ]
            let mutable answers = 0L
            let started = Stopwatch.StartNew()

            let asking (first: int) (stream: NetworkStream) : Task =
                Task.Run(fun () ->
                    task {
                        use _ = stream
                        let buffer = Array.zeroCreate<byte> 16_384
                        let mutable next = first
                        let mutable count = 0L

                        while started.Elapsed < time do
                            do! stream.WriteAsync(requests[next % requests.Length])
                            let! length = answer stream buffer
                            check buffer length
                            next <- next + 1
                            count <- count + 1L

                        Interlocked.Add(&answers, count) |> ignore
                    }
                    :> Task)

            do! Task.WhenAll(streams |> Array.mapi asking)
            return { PerSecond = float answers / started.Elapsed.TotalSeconds; Answers = answers }
        }
