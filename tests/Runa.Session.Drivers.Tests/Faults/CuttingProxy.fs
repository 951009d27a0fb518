/// A connection to a server that breaks at the worst moment: after a request has reached the server, before its answer
/// has come back.
module internal Runa.Session.Tests.CuttingProxies

open System
open System.IO
open System.Net
open System.Net.Sockets
open System.Text
open System.Threading.Tasks

/// Listens on a free port and passes everything on, both ways.
[<Sealed>]
type CuttingProxy(target: int) =
    let listener = new TcpListener(IPAddress.Loopback, 0)
    let mutable cutAt: byte[] | null = null
    let mutable cuts = 0
    let mutable held = Task.CompletedTask
    let mutable release = ignore

    /// True: this is the request whose answer is to be lost.
    let isCut (request: ReadOnlyMemory<byte>) =
        match cutAt with
        | null -> false
        | wanted when request.Span.IndexOf(ReadOnlySpan wanted) >= 0 ->
            cutAt <- null
            cuts <- cuts + 1
            true
        | _ -> false

    let serve (client: TcpClient) : Task =
        task {
            use client = client
            use server = new TcpClient()
            do! server.ConnectAsync(IPAddress.Loopback, target)
            let mutable isCutting = false

            let pass (from: NetworkStream) (into: NetworkStream) (isRequest: bool) =
                task {
                    let buffer = Array.zeroCreate<byte> 65536
                    let mutable isOpen = true

                    while isOpen do
                        let! read = from.ReadAsync(Memory buffer)

                        if not isRequest then
                            do! held

                        if isRequest && isCut (ReadOnlyMemory(buffer, 0, read)) then
                            isCutting <- true

                        // The server has done what it was asked: its answer goes nowhere.
                        if read = 0 || (isCutting && not isRequest) then
                            isOpen <- false
                            client.Close()
                            server.Close()
                        else
                            do! into.WriteAsync(ReadOnlyMemory(buffer, 0, read))
                }

            try
                let there = pass (client.GetStream()) (server.GetStream()) true
                let back = pass (server.GetStream()) (client.GetStream()) false
                let! _ = Task.WhenAll [ there; back ]
                ()
            with
            | :? IOException
            | :? ObjectDisposedException
            | :? InvalidOperationException -> ()
        }

    let accepting =
        task {
            listener.Start()

            try
                while true do
                    let! client = listener.AcceptTcpClientAsync()
                    serve client |> ignore
            with
            | :? SocketException
            | :? ObjectDisposedException -> ()
        }

    member _.Port = (listener.LocalEndpoint :?> IPEndPoint).Port

    /// How many answers were lost.
    member _.Cuts = cuts

    /// Cuts the connection, once, when a request with this text has been answered.
    member _.CutAfter(text: string) = cutAt <- Encoding.ASCII.GetBytes text

    /// From now on what the server answers waits here, while requests go on to it.
    member _.HoldAnswers() =
        let gate = TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
        held <- gate.Task
        release <- fun () -> gate.SetResult()

    member _.ReleaseAnswers() =
        held <- Task.CompletedTask
        release ()

    interface IDisposable with
        member _.Dispose() =
            listener.Stop()
            accepting.Wait(TimeSpan.FromSeconds 5.) |> ignore
