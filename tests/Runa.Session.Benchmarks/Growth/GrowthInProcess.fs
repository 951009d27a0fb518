namespace Runa.Session.Benchmarks.Growth

open System
open System.Diagnostics
open Microsoft.AspNetCore.Http
open Runa.Session
open Runa.Session.Benchmarks
open Runa.Session.Benchmarks.Plots

/// How the time of one request, in process, grows with the session and with the number of sessions.
module GrowthInProcess =
    /// Applications of one kind, one for each point of the axis.
    type private Kind = { Name: string; Who: Who; App: int -> Pipeline }

    let private kind name who app : Kind = { Name = name; Who = who; App = app }

    /// No case pays for the garbage of the one before, or for memory that is used for the first time.
    let private tidy (app: Pipeline) =
        GC.Collect()
        let started = Stopwatch.GetTimestamp()

        while Stopwatch.GetElapsedTime(started).TotalMilliseconds < 15. do
            app.Request().GetAwaiter().GetResult()

    /// The lines of these kinds: microseconds over the bare request. All cases take turns.
    let private lines (prepare: Pipeline -> unit) (axis: int list) (kinds: Kind list) : Line list =
        let name (kind: Kind) (at: int) = $"{kind.Name} {at}"

        let case (name: string) (app: Pipeline) : Case =
            { Name = name; Prepare = (fun () -> prepare app); Request = app.Request }

        let cases =
            [ case "bare" (Apps.bare ())
              for at in axis do
                  for kind in kinds do
                      case (name kind at) (kind.App at) ]

        let measured = Rounds.measure 40 cases
        let over name = (measured[name].Nanoseconds - measured["bare"].Nanoseconds) / 1000.

        [ for kind in kinds -> GrowthChart.line kind.Name kind.Who [ for at in axis -> float at, over (name kind at) ] ]

    let private microseconds = "microseconds of a request over the bare one, in process"

    let private show output picture title horizontal (marks: (int * string) list) (lines: Line list) =
        GrowthChart.show
            output
            picture
            { Title = title
              Vertical = microseconds
              Horizontal = horizontal
              Marks = marks |> List.map (fun (at, label) -> float at, label)
              MakeScale = Scale.logarithmic
              Lines = lines }

    let private labelled (axis: int list) = axis |> List.map (fun at -> at, Scale.label (float at))

    let private ours fill handler = (RunaApps.app id fill handler).AskedByOne()
    let private theirs fill endpoint = (FrameworkApps.app fill endpoint).AskedByOne()

    /// One of the session's keys is read or written.
    let keys (output: Output) =
        let axis = [ 1; 10; 100; 1000 ]
        let all = [| for i in 1 .. List.max axis -> SessionKey.create<int> $"key{i}" |]

        let fill count (session: Session) =
            all |> Seq.take count |> Seq.fold (fun session key -> Session.set key 1 session) session

        let read = readSession "web" (fun session -> RunaApps.length (Session.getOr all[0] 0 session))

        let write =
            withSession "web" (fun session ->
                Session.set all[0] (1 + Session.getOr all[0] 0 session) session, RunaApps.length 0)

        let fillTheirs count (session: ISession) =
            for i in 1..count do
                session.SetInt32($"key{i}", 1)

        let readTheirs (session: ISession) = session.GetInt32("key1").GetValueOrDefault()

        let writeTheirs (session: ISession) =
            session.SetInt32("key1", 1 + readTheirs session)
            0

        lines
            tidy
            axis
            [ kind "read, Runa.Session" Ours (fun count -> ours (fill count) read)
              kind "write, Runa.Session" Ours (fun count -> ours (fill count) write)
              kind "read, ASP.NET Core" Theirs (fun count -> theirs (fillTheirs count) readTheirs)
              kind "write, ASP.NET Core" Theirs (fun count -> theirs (fillTheirs count) writeTheirs) ]
        |> show
            output
            "growth-keys"
            "More keys in a session"
            "keys in the session, of which one is used"
            (labelled axis)

    /// A text is read, or a number beside it is written.
    let bytes (output: Output) =
        let axis = [ 100; 1024; 4096; 16_384; 65_536 ]
        let text = SessionKey.create<string> "text"

        let room = SessionSetup.session "web" (fun settings -> { settings with MaxBytes = 2 * List.max axis })

        let fill (length: int) = Session.set text (String('x', length)) >> Session.set Apps.visits 1
        let read = readSession "web" (fun session -> RunaApps.length (Session.getOr text "" session).Length)
        let ours handler length = (RunaApps.app room (fill length) handler).AskedByOne()

        let fillTheirs (length: int) (session: ISession) =
            session.SetString("text", String('x', length))
            session.SetInt32("visits", 1)

        let readTheirs (session: ISession) = (session.GetString "text").Length

        lines
            tidy
            axis
            [ kind "read, Runa.Session" Ours (ours read)
              kind "write, Runa.Session" Ours (ours RunaApps.writeOne)
              kind "read, ASP.NET Core" Theirs (fun length -> theirs (fillTheirs length) readTheirs)
              kind "write, ASP.NET Core" Theirs (fun length -> theirs (fillTheirs length) FrameworkApps.writeOne) ]
        |> show
            output
            "growth-bytes"
            "Larger sessions"
            "size of a text in the session; a read reads it, a write changes a number beside it"
            [ 100, "100 B"; 1024, "1 KiB"; 4096, "4 KiB"; 16_384, "16 KiB"; 65_536, "64 KiB" ]

    /// Up to 10,000 visitors, spread over all sessions, take turns.
    let sessions (output: Output) =
        let axis = [ 1; 10; 100; 1000; 10_000; 100_000; 1_000_000 ]

        let many (app: Pipeline) (count: int) =
            let visited = app.AskedBy(app.Newcomers(count, 10_000))

            for _ in 1 .. min count 10_000 do
                visited.Request().GetAwaiter().GetResult()

            visited

        lines
            ignore
            axis
            [ kind "read, Runa.Session" Ours (fun count ->
                  many (RunaApps.app (RunaApps.roomFor count) RunaApps.fillThree RunaApps.readThree) count)
              kind "read, ASP.NET Core" Theirs (fun count ->
                  many (FrameworkApps.app FrameworkApps.fillThree FrameworkApps.readThree) count) ]
        |> show
            output
            "growth-sessions"
            "More sessions in memory"
            "sessions, of which up to 10,000 take turns"
            (labelled axis)
