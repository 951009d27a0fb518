/// Real Redis servers, each on a free port and in a folder of its own, both gone when the test run ends.
module internal Runa.Session.Tests.RedisServers

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.IO
open System.Net
open System.Net.Sockets
open System.Text
open System.Threading.Tasks
open Expecto
open StackExchange.Redis

let private binary =
    [ for folder in (string (Environment.GetEnvironmentVariable "PATH")).Split Path.PathSeparator ->
          Path.Combine(folder, "redis-server") ]
    |> List.tryFind File.Exists

/// Whether a Redis server answers a PING there, with whatever it says.
let private answers (port: int) : Task<bool> =
    task {
        try
            use client = new TcpClient()
            do! client.ConnectAsync(IPAddress.Loopback, port)
            let stream = client.GetStream()
            do! stream.WriteAsync(ReadOnlyMemory(Encoding.ASCII.GetBytes "PING\r\n"))
            let buffer = Array.zeroCreate<byte> 100
            let! read = stream.ReadAsync(Memory buffer)
            let answer = Encoding.ASCII.GetString(buffer, 0, read)
            return read > 0 && not (answer.StartsWith "-LOADING")
        with :? SocketException ->
            return false
    }

/// A server process that can be killed and started again on its port, with what its folder holds.
[<Sealed>]
type RedisServer private (folder: string, port: int, arguments: string list) =
    static let running = ConcurrentDictionary<RedisServer, bool>()

    static do
        AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
            for server in running.Keys do
                (server :> IDisposable).Dispose())

    let log = Path.Combine(folder, "redis.log")
    let mutable instance: Process | null = null
    /// Its port, while it is down.
    let mutable held: IDisposable | null = null

    let release () =
        match held with
        | null -> ()
        | port ->
            port.Dispose()
            held <- null

    let start () =
        release ()

        let fixedArguments =
            [ "--port"; string port; "--bind"; "127.0.0.1"; "--dir"; folder; "--save"; ""; "--logfile"; log ]

        instance <- Process.Start(binary.Value, fixedArguments @ arguments)

    let rec whenUp (tries: int) : Task =
        task {
            match! answers port with
            | true -> ()
            | false when tries > 0 ->
                do! Task.Delay 20
                do! whenUp (tries - 1)
            | false -> failwith $"redis-server did not start: {File.ReadAllText log}"
        }

    static member IsInstalled = binary.IsSome

    /// With further arguments of redis-server.
    static member Start(arguments: string list) : Task<RedisServer> =
        task {
            let folder = Directory.CreateTempSubdirectory("runa-redis-").FullName
            let server = new RedisServer(folder, Ports.free (), arguments)
            running[server] <- true
            do! server.Restart()
            return server
        }

    member _.Port = port
    member _.Address = $"127.0.0.1:{port}"

    /// A connection for the test itself, with all commands.
    member server.Connect() : Task<ConnectionMultiplexer> =
        ConnectionMultiplexer.ConnectAsync $"{server.Address},allowAdmin=true,abortConnect=false"

    /// As a crash: kill -9. No other server gets its port meanwhile.
    member _.Kill() =
        match instance with
        | null -> ()
        | running ->
            running.Kill()
            running.WaitForExit()
            running.Dispose()
            instance <- null
            held <- Ports.hold port

    member _.Restart() : Task =
        start ()
        whenUp 500

    interface IDisposable with
        member server.Dispose() =
            if fst (running.TryRemove server) then
                server.Kill()
                release ()
                Directory.Delete(folder, true)

/// One for all tests that leave it as it is; each takes a prefix of its own.
let private shared = lazy (RedisServer.Start [])

let sharedServer () : Task<RedisServer> = shared.Value

let private connection =
    lazy
        (task {
            let! server = shared.Value
            return! server.Connect()
        })

/// To the shared server.
let sharedConnection () : Task<ConnectionMultiplexer> = connection.Value

/// A command that StackExchange.Redis has no function for.
let command (connection: IConnectionMultiplexer) (name: string) (arguments: string list) : Task<string> =
    task {
        let server = Array.head (connection.GetServers())
        let! answer = server.ExecuteAsync(name, [| for argument in arguments -> argument :> obj |])
        return string answer
    }

/// A prefix that no other test has.
let freshPrefix () : string = $"test-{Guid.NewGuid():N}:"

/// Skipped, by name, where there is no redis-server.
let redisTest (name: string) (body: unit -> Task<unit>) : Test =
    testCaseTask name (fun () ->
        task {
            if not RedisServer.IsInstalled then
                skiptest "redis-server is not installed"

            do! body ()
        })
