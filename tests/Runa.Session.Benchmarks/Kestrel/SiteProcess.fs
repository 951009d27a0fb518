namespace Runa.Session.Benchmarks

open System
open System.Diagnostics
open System.Threading.Tasks

/// The sites run in a process of their own, beside the one that makes the load.
module SiteProcess =
    /// The other process. Writes the ports of its sites, and ends when its input does.
    let serve (sites: Site list) : Task =
        task {
            for site in sites do
                let! port = Site.start site
                printfn $"{port} {site.Name}"

            printfn "ready"
            let! _ = Console.In.ReadToEndAsync()
            ()
        }

    let private start (argument: string) : Process * (string * int) list =
        let server = Program.start [ argument ] []

        let rec sites () =
            match server.StandardOutput.ReadLine() with
            | null -> failwith "The process with the sites ended early."
            | "ready" -> []
            | line ->
                let at = line.IndexOf ' '
                (line.Substring(at + 1), int (line.Substring(0, at))) :: sites ()

        server, sites ()

    /// Runs the work beside the sites of this program's argument, with their names and ports.
    let beside (argument: string) (work: (string * int) list -> Task<'T>) : Task<'T> =
        task {
            let server, sites = start argument

            try
                return! work sites
            finally
                server.StandardInput.Close()
                server.WaitForExit 10_000 |> ignore
        }
