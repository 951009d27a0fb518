namespace Runa.Session.Benchmarks.Growth

open System
open System.Diagnostics
open Runa.Session.Benchmarks

/// How long the garbage collector stops a process that serves from a million sessions in memory. Each side runs in a
/// process of its own, with the collector of web applications (Server).
module Pauses =
    let private sessions = 1_000_000
    let private visited = 10_000
    let private requests = 500_000

    /// Serves, and writes the cells of a row.
    let private serve (app: Pipeline) =
        let app = app.AskedBy(app.Newcomers(sessions, visited))

        for _ in 1..20_000 do
            app.Request().GetAwaiter().GetResult()

        let megabytes = float (GC.GetTotalMemory true) / 1e6
        let before = GC.GetTotalPauseDuration()
        let collections = [ for generation in 0..2 -> GC.CollectionCount generation ]
        let mutable paused = before
        let mutable longest = TimeSpan.Zero
        let started = Stopwatch.StartNew()

        for _ in 1..requests do
            app.Request().GetAwaiter().GetResult()
            let now = GC.GetTotalPauseDuration()

            if now <> paused then
                longest <- max longest (now - paused)
                paused <- now

        let share = (paused - before) / started.Elapsed
        let counts =
            [ for generation in 0..2 -> string (GC.CollectionCount generation - collections[generation]) ]

        [ $"{Report.number 0 megabytes} MB"
          String.Join(", ", counts)
          $"{Report.number 1 longest.TotalMilliseconds} ms"
          $"{Report.number 1 (paused - before).TotalMilliseconds} ms"
          $"{Report.number 1 (100. * share)} %%" ]
        |> String.concat "|"
        |> printfn "%s"

    let private isWrite () =
        let requests = ref 0

        fun () ->
            requests.Value <- requests.Value + 1
            requests.Value % 10 = 0

    let private ours () =
        let isWrite = isWrite ()

        RunaApps.app (RunaApps.roomFor sessions) RunaApps.fillThree (fun next context ->
            if isWrite () then
                RunaApps.writeOne next context
            else
                RunaApps.readThree next context)

    let private theirs () =
        let isWrite = isWrite ()

        FrameworkApps.app FrameworkApps.fillThree (fun session ->
            if isWrite () then
                FrameworkApps.writeOne session
            else
                FrameworkApps.readThree session)

    /// The process of one side.
    let serveSide (side: string) = serve (if side = "ours" then ours () else theirs ())

    let private measure (side: string) : string list =
        (Program.output [ "pauses"; side ] [ "DOTNET_gcServer", "1" ]).Trim().Split '|' |> List.ofArray

    let run (output: Output) =
        let table =
            Report.table
                [ "sessions"
                  "memory"
                  "collections of generation 0, 1, 2"
                  "longest pause"
                  "all pauses"
                  "of the time" ]
                [ "Runa.Session" :: measure "ours"; "ASP.NET Core" :: measure "theirs" ]

        output.Show
            "pauses"
            $"{table}\n\n{Report.number 0 sessions} sessions in memory, {Report.number 0 requests} requests, one in ten of which writes."
