namespace Runa.Session.Benchmarks

open System
open System.IO
open System.Threading
open System.Threading.Tasks
open BenchmarkDotNet.Attributes
open Microsoft.Data.Sqlite
open Microsoft.Extensions.Primitives
open Runa.Session

/// The parts of a read and of a write, one by one.
[<MemoryDiagnoser>]
type PartBenchmarks() =
    let many = 100_000
    let ring = KeyRing.ofSecrets [ Apps.secret ]
    let tokens = SessionToken(ring, Some "app", "web")
    let made = tokens.Create()
    let token, key = made.Text, made.Key
    let header = $"other=1; __Host-runa_session={token}; more=2"

    let driver =
        MemoryDriver.create { MemoryDriver.defaults with MaxSessions = 2 * many; MaxBytes = Int64.MaxValue / 4L }

    let session = RunaApps.fillThree (Session.empty "web")

    let newRecord () =
        let state = { session.State with ExpiresAt = DateTimeOffset.UtcNow.AddHours 1. }
        NewRecord.live DateTimeOffset.UtcNow None "app/web" (RecordVersion.Next()) state

    let record = newRecord ()
    let document = RecordFormat.write record

    let create (driver: SessionDriver) key = (driver.Create key (newRecord ()) CancellationToken.None).AsTask().Wait()

    let visitors = Array.init many (fun _ -> let made = tokens.Create() in struct (made.Text, made.Key))
    let mutable next = 0

    let turn () : struct (string * StoreKey) =
        next <- (next + 1) % many
        visitors[next]

    let folder = Directory.CreateTempSubdirectory("runa-bench-").FullName
    let file = Path.Combine(folder, "sessions.db")
    let sqlite = SqliteFactory.Instance.CreateDataSource $"Data Source={file}"

    do
        AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
            SqliteConnection.ClearAllPools()
            Directory.Delete(folder, true))

        create driver key

        for struct (token, key) in visitors do
            tokens.Read(token.AsSpan()) |> ignore
            create driver key

        (SqlDriver.ensureSchema SqlDriver.defaults sqlite).Wait()
        create (SqlDriver.create sqlite) key

    let sqlDriver = SqlDriver.create sqlite

    [<Benchmark>]
    member _.ReadToken() : bool =
        match tokens.Read(token.AsSpan()) with
        | TokenReading.Genuine _ -> true
        | _ -> false

    /// Of visitors who take turns.
    [<Benchmark>]
    member _.ReadTokenOfMany() : bool =
        let struct (token, _) = turn ()

        match tokens.Read(token.AsSpan()) with
        | TokenReading.Genuine _ -> true
        | _ -> false

    [<Benchmark>]
    member _.FindCookie() : bool =
        let mutable walk = CookieWalk(StringValues header, "__Host-runa_session")
        walk.Next()

    [<Benchmark>]
    member _.LoadRecord() = driver.Load key CancellationToken.None

    [<Benchmark>]
    member _.LoadRecordOfMany() =
        let struct (_, key) = turn ()
        driver.Load key CancellationToken.None

    [<Benchmark>]
    member _.GetInt() = Session.getOr Apps.visits 0 session

    [<Benchmark>]
    member _.GetText() = Session.getOr Apps.name "" session

    [<Benchmark>]
    member _.SetInt() = Session.set Apps.visits 2 session

    [<Benchmark>]
    member _.Now() = TimeProvider.System.GetUtcNow()

    [<Benchmark>]
    member _.CreateToken() = tokens.Create().Text

    [<Benchmark>]
    member _.ReadDocument() = RecordFormat.read (ReadOnlySpan document)

    [<Benchmark>]
    member _.WriteDocument() = RecordFormat.write record

    [<Benchmark>]
    member _.SqliteSelect() : Task<string> = SqlSelect.text sqlite "runa_sessions" (StoreKey.toText key)

    [<Benchmark>]
    member _.SqliteLoad() = (sqlDriver.Load key CancellationToken.None).AsTask()

/// The same parts in interleaved rounds, in a few seconds.
module Parts =
    let run (output: Output) =
        let parts = PartBenchmarks()

        let case name (part: unit -> 'T) : Case =
            Case.make name (fun () ->
                part () |> ignore
                Task.CompletedTask)

        let cases =
            [ case "nothing" ignore
              case "the token of one visitor" parts.ReadToken
              case "the token of 100,000 visitors in turn" parts.ReadTokenOfMany
              case "the cookie in its header" parts.FindCookie
              case "the record of one visitor, in memory" parts.LoadRecord
              case "the record of 100,000 visitors in turn, in memory" parts.LoadRecordOfMany
              case "get a number" parts.GetInt
              case "get a text" parts.GetText
              case "set a number" parts.SetInt
              case "the time" parts.Now
              case "make a token" parts.CreateToken
              case "read a document" parts.ReadDocument
              case "write a document" parts.WriteDocument
              Case.make "SQLite, one SELECT" (fun () -> parts.SqliteSelect())
              Case.make "SQLite, load by the driver" (fun () -> parts.SqliteLoad()) ]

        let measured = Rounds.measure 80 cases
        let nothing = measured["nothing"]

        Report.table
            [ "part"; "time"; "allocated" ]
            [ for case in List.tail cases do
                  let it = measured[case.Name]
                  [ case.Name
                    $"{Report.number 0 (it.Nanoseconds - nothing.Nanoseconds)} ns"
                    $"{Report.number 0 (it.Bytes - nothing.Bytes)} B" ] ]
        |> output.Show "parts"
