namespace Runa.Session.Tests

open System
open System.Diagnostics
open System.IO
open Expecto

/// PostgreSQL's programs, where this machine has them.
module internal PostgresPrograms =
    let isRoot = Environment.UserName = "root"

    /// Its output goes nowhere: a server that inherited ours would keep whoever reads it waiting.
    let private tryRun (program: string) (arguments: string list) : int =
        let start = ProcessStartInfo "/bin/sh"
        start.ArgumentList.Add "-c"
        start.ArgumentList.Add "exec \"$@\" </dev/null >/dev/null 2>&1"
        start.ArgumentList.Add "sh"

        // PostgreSQL refuses to run as root.
        let asUser = if isRoot then [ "runuser"; "-u"; "postgres"; "--" ] else []

        for argument in asUser @ (program :: arguments) do
            start.ArgumentList.Add argument

        start.WorkingDirectory <- Path.GetTempPath()

        match Process.Start start with
        | null -> -1
        | running ->
            use running = running
            running.WaitForExit()
            running.ExitCode

    let run program arguments =
        let exitCode = tryRun program arguments

        if exitCode <> 0 then
            failwith $"{Path.GetFileName program} ended with {exitCode}"

    let installed =
        let versions =
            if Directory.Exists "/usr/lib/postgresql" then
                Directory.GetDirectories "/usr/lib/postgresql" |> Array.sortDescending
            else
                [||]

        let path = (string (Environment.GetEnvironmentVariable "PATH")).Split Path.PathSeparator

        [ for version in versions -> Path.Combine(version, "bin")
          yield! path ]
        |> List.tryFind (fun folder ->
            folder <> ""
            && File.Exists(Path.Combine(folder, "initdb"))
            && File.Exists(Path.Combine(folder, "pg_ctl")))

    /// Why no server can be started here; None where one can.
    let obstacle =
        lazy
            (match installed with
             | None -> Some "PostgreSQL's initdb and pg_ctl are neither in /usr/lib/postgresql nor in the PATH"
             | Some _ when isRoot && tryRun "true" [] <> 0 ->
                 Some "PostgreSQL does not run as root, and there is no user postgres to run it as"
             | Some _ -> None)

/// A PostgreSQL of the test run: in a fresh folder, on a free port of the loopback, stopped and deleted at the end of the
/// run. It does not wait for the disk, so the machine's crash would lose it, and no test is about that.
[<Sealed>]
type PostgresServer private (binaries: string, folder: string, port: int) =
    let data = Path.Combine(folder, "data")
    let log = Path.Combine(folder, "log")
    let pgCtl = Path.Combine(binaries, "pg_ctl")
    let mutable isRunning = false

    /// Starts, and waits until it answers.
    member _.Start() =
        let settings =
            $"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c max_connections=200 -c log_line_prefix='%%a: '"

        PostgresPrograms.run pgCtl [ "start"; "-w"; "-D"; data; "-l"; log; "-o"; settings ]
        isRunning <- true

    /// As kill -9 would: connections break, and it recovers at the next start.
    member _.Crash() =
        isRunning <- false
        PostgresPrograms.run pgCtl [ "stop"; "-w"; "-m"; "immediate"; "-D"; data ]

    /// For Npgsql; the name is that of the application in the server's log.
    member _.ConnectionString(application: string) =
        $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Application Name={application};Maximum Pool Size=20;Max Auto Prepare=30;Include Error Detail=true"

    /// What the server has logged for one application.
    member _.Log(application: string) : string list =
        use stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)
        use reader = new StreamReader(stream)

        [ for line in reader.ReadToEnd().Split '\n' do
              if line.StartsWith $"{application}: " then
                  line.Substring(application.Length + 2) ]

    member server.Stop() =
        if isRunning then
            server.Crash()

        Directory.Delete(folder, true)

    /// A server of its own, for a test that crashes it. Skips the test where none can be started.
    static member start() : PostgresServer =
        match PostgresPrograms.obstacle.Value, PostgresPrograms.installed with
        | None, Some binaries ->
            let folder = Directory.CreateTempSubdirectory("runa-postgres-").FullName

            if PostgresPrograms.isRoot then
                // The one thing root does: give the folder away.
                use chown = Process.Start("chown", [ "postgres"; folder ])
                chown.WaitForExit()

            let server = PostgresServer(binaries, folder, Ports.free ())

            PostgresPrograms.run
                (Path.Combine(binaries, "initdb"))
                [ "-D"
                  Path.Combine(folder, "data")
                  "-U"
                  "postgres"
                  "-A"
                  "trust"
                  "-E"
                  "UTF8"
                  "--locale=C"
                  "--no-sync" ]

            AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> server.Stop())
            server.Start()
            server
        | Some reason, _ -> skiptest reason
        | None, None -> skiptest "PostgreSQL was not found"

/// The server that tests share, each with a table of its own.
[<RequireQualifiedAccess>]
module internal SharedPostgres =
    let private server = lazy (PostgresServer.start ())

    /// Skips the test where none can be started.
    let get () : PostgresServer = server.Value
