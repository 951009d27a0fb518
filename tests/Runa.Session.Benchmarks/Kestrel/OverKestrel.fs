namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.IO
open System.Threading.Tasks
open Runa.Session.Tests.RedisServers

/// Over Kestrel on the loopback: the sites in one process, the load from another.
module OverKestrel =
    let private visitors = 50
    let private connections = 32

    /// The process with the sites. Writes their ports, and ends when its input does.
    let serve () : Task =
        task {
            let! redis =
                task {
                    if RedisServer.IsInstalled then
                        let! server = RedisServer.Start []
                        return Sites.redis server.Address
                    else
                        return []
                }

            for site in Sites.memory @ redis do
                let! port = Sites.start site
                printfn $"{port} {site.Name}"

            printfn "ready"
            let! _ = Console.In.ReadToEndAsync()
            ()
        }

    let private startServer () : Process * (string * int) list =
        let program = string Environment.ProcessPath
        let arguments = [ typeof<Site>.Assembly.Location; "serve" ]
        let start = ProcessStartInfo(program, arguments)
        start.RedirectStandardInput <- true
        start.RedirectStandardOutput <- true
        let server = Process.Start start

        let rec sites () =
            match server.StandardOutput.ReadLine() with
            | null -> failwith "The process with the sites ended early."
            | "ready" -> []
            | line ->
                let at = line.IndexOf ' '
                (line.Substring(at + 1), int (line.Substring(0, at))) :: sites ()

        server, sites ()

    /// The requests in a second of each site: medians of rounds in which the sites take turns.
    let measure (rounds: int) (seconds: float) : Task<Map<string, float>> =
        task {
            let server, sites = startServer ()

            try
                let cookies = Collections.Generic.Dictionary<string, string[]>()

                for name, port in sites do
                    let! made = Load.visitors port visitors
                    cookies[name] <- made
                    let! _ = Load.run port connections (TimeSpan.FromSeconds 1.) made
                    ()

                let results = ResizeArray<string * float>()

                for _ in 1..rounds do
                    for name, port in sites do
                        let! rate = Load.run port connections (TimeSpan.FromSeconds seconds) cookies[name]
                        results.Add(name, rate)

                return
                    results
                    |> Seq.groupBy fst
                    |> Seq.map (fun (name, rates) -> name, rates |> Seq.map snd |> List.ofSeq |> Rounds.median)
                    |> Map.ofSeq
            finally
                server.StandardInput.Close()
                server.WaitForExit 10_000 |> ignore
        }
