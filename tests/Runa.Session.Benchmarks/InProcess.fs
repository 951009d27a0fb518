namespace Runa.Session.Benchmarks

open System
open System.Threading
open Runa.Session
open Runa.Session.Benchmarks.Plots

/// One request each, in process, without a network: what the pipeline costs.
module InProcess =
    let private many = 100_000
    let private some = 4_000

    let private case (name: string) (app: Pipeline) : Case = Case.make name app.Request

    /// All visitors' tokens are known, as those of visitors who come back.
    let private seenOnce (count: int) (app: Pipeline) : Pipeline =
        for _ in 1..count do
            app.Request().GetAwaiter().GetResult()

        app

    let private manyVisitors (app: Pipeline) : Pipeline = app.AskedBy(app.Newcomers(many, many)) |> seenOnce many

    /// Requests of visitors whose tokens were not verified before: each round asks an application that is new, on the
    /// same sessions.
    let private firstRequests (name: string) : Case =
        let driver = MemoryDriver.create ()
        let make () = RunaApps.app (SessionSetup.driver "memory" driver) RunaApps.fill200 RunaApps.readThree
        let first = make ()
        let visitors = first.Newcomers(some, some)
        let known = first.Newcomer()
        let mutable app = first

        { Name = name
          Prepare =
            fun () ->
                (app :> IDisposable).Dispose()
                let next = make ()
                next.AskedBy [| known |] |> seenOnce 200 |> ignore
                // Meanwhile the container compiles how it makes its services.
                Thread.Sleep 50
                app <- next.AskedBy visitors
          Request = fun () -> app.Request() }

    let private cookies (name: string) (handler: HttpHandler) : Case =
        let app = RunaApps.app RunaApps.inCookie RunaApps.fill200 handler
        case name (app.AskedBy(app.Newcomers(some, some)))

    let private cases () : Case list =
        [ case "bare" (Apps.bare ())
          case "floor" (Apps.floor ())
          case "ASP.NET Core's session, read" (FrameworkApps.read ())
          case "ASP.NET Core's session, write" (FrameworkApps.write ())
          case "F#, `readSession`" (RunaApps.read ())
          case "F#, `withSession` that writes" (RunaApps.write ())
          case "C#, read behind `UseRunaSession`" (MiddlewareApps.read ())
          case "C#, write behind `UseRunaSession`" (MiddlewareApps.write ())
          case "C#, behind `UseRunaSession`, session not used" (MiddlewareApps.untouched ())
          case
              "100,000 visitors: ASP.NET Core's session, read"
              (manyVisitors (FrameworkApps.app FrameworkApps.fillThree FrameworkApps.readThree))
          case
              "100,000 visitors: F#, `readSession`"
              (manyVisitors (RunaApps.app (RunaApps.roomFor many) RunaApps.fillThree RunaApps.readThree))
          firstRequests "200 B: `readSession`, a visitor's first"
          cookies "200 B: `readSession`, driver `cookie`" RunaApps.readThree
          cookies "200 B: `withSession` that writes, driver `cookie`" RunaApps.writeOne ]

    let private ratios (nanoseconds: string -> float) (bytes: string -> float) : Ratio list =
        let of' (measure: string -> float) what part whole target =
            Report.ratio $"in process, {what}" (Some(measure whole / measure part)) target

        let theirs = "ASP.NET Core's session, "

        [ of' nanoseconds "read: ASP.NET Core's time / ours" "F#, `readSession`" (theirs + "read") (AtLeast 18.)
          of' bytes "read: ASP.NET Core's bytes / ours" "F#, `readSession`" (theirs + "read") (AtLeast 8.)
          of'
              nanoseconds
              "write: ASP.NET Core's time / ours"
              "F#, `withSession` that writes"
              (theirs + "write")
              (AtLeast 11.)
          of'
              nanoseconds
              "100,000 visitors, read: ASP.NET Core's time / ours"
              "100,000 visitors: F#, `readSession`"
              "100,000 visitors: ASP.NET Core's session, read"
              (AtLeast 12.)
          of' nanoseconds "read: F# / C#" "C#, read behind `UseRunaSession`" "F#, `readSession`" (AtLeast 0.95)
          of'
              nanoseconds
              "write: F# / C#"
              "C#, write behind `UseRunaSession`"
              "F#, `withSession` that writes"
              (AtLeast 0.95)
          of'
              nanoseconds
              "read, 200 B: driver cookie / a visitor's first in memory"
              "200 B: `readSession`, a visitor's first"
              "200 B: `readSession`, driver `cookie`"
              (AtMost 5.) ]

    let private picture (nanoseconds: string -> float) : string =
        let bar name who case : Bar =
            let value = nanoseconds case / 1000.
            { Name = name; Who = who; Value = value; Label = $"{Report.number 1 value} µs" }

        BarChart.svg
            { Title = "What a session in memory adds to a request"
              Horizontal = "microseconds over a request without a session, in process"
              Bars =
                [ bar "read, ASP.NET Core's session" Theirs "ASP.NET Core's session, read"
                  bar "read, Runa.Session in F#" Ours "F#, `readSession`"
                  bar "read, Runa.Session in C#" Ours "C#, read behind `UseRunaSession`"
                  bar "write, ASP.NET Core's session" Theirs "ASP.NET Core's session, write"
                  bar "write, Runa.Session in F#" Ours "F#, `withSession` that writes"
                  bar "write, Runa.Session in C#" Ours "C#, write behind `UseRunaSession`" ] }

    let private processes = 3

    /// Measures in this process, and writes a line for each case.
    let measureHere () =
        let cases = cases ()
        let measured = Rounds.measure 80 cases

        for case in cases do
            let it = measured[case.Name]
            printfn $"{case.Name}\t{it.Nanoseconds}\t{it.Bytes}"

    /// The medians of several processes, since the compiler may treat the same code differently in each.
    let private measure () : (string * Measured) list =
        [ for _ in 1..processes do
              let lines = (Program.output [ "in-process-here" ] []).Split('\n', StringSplitOptions.RemoveEmptyEntries)

              for line in lines do
                  match line.Split '\t' with
                  | [| case; nanoseconds; bytes |] -> case, { Nanoseconds = float nanoseconds; Bytes = float bytes }
                  | _ -> failwith $"The process wrote \"{line}\"." ]
        |> List.groupBy fst
        |> List.map (fun (case, found) -> case, Measured.medians (List.map snd found))

    let run (output: Output) : Ratio list =
        let cases = measure ()
        let measured = Map.ofList cases
        let bare = measured["bare"]
        let nanoseconds name = measured[name].Nanoseconds - bare.Nanoseconds
        let bytes name = measured[name].Bytes - bare.Bytes

        let table =
            Report.table
                [ "case"; "over the bare request"; "allocated" ]
                [ for case, _ in cases do
                      if case <> "bare" then
                          [ case; $"{Report.number 0 (nanoseconds case)} ns"; $"{Report.number 0 (bytes case)} B" ] ]

        output.Show
            "in process"
            $"{table}\n\nThe bare request took {Report.number 0 bare.Nanoseconds} ns and {Report.number 0 bare.Bytes} B in that run."

        output.Draw "in-process" (picture nanoseconds)
        ratios nanoseconds bytes
