module Runa.Session.Tests.SqlRefusalTests

open System
open System.Data.Common
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Npgsql
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

let private isRefused (driver: SessionDriver) (what: string) (work: unit -> Task) =
    task {
        let! e = failure work
        Expect.isTrue (driver.IsRefusal e) $"{what}: {e}"
    }

let private isUnknown (driver: SessionDriver) (what: string) (work: unit -> Task) =
    task {
        let! e = failure work
        Expect.isFalse (driver.IsRefusal e) $"{what}: {e}"
    }

let private creates (driver: SessionDriver) () : Task = (driver.Create (newKey ()) (record 1L) none).AsTask()

let private fat: SessionRecord =
    { record 1L with
        State = { (record 1L).State with Values = Map [ "fat", "\"" + String('x', 100_000) + "\"" ] } }

let private sqlite =
    [ testTask "promise 14: SQLite's refusals are certain: read-only, full, locked, no file, no database, no table" {
          let path = newFile ()
          use writer = sqliteFile path ""
          do! SqlDriver.ensureSchema SqlDriver.defaults writer

          use readOnly = sqliteFile path "Mode=ReadOnly"
          let driver = SqlDriver.create readOnly
          do! isRefused driver "read-only" (creates driver)
          let! there = (SqlDriver.create writer).Load (newKey ()) none
          Expect.equal there ValueNone "read"

          use small =
              new WatchedDataSource(
                  sqliteFile path "Default Timeout=7",
                  (fun connection ->
                      use command = connection.CreateCommand()
                      command.CommandText <- "PRAGMA max_page_count = 10"
                      command.ExecuteNonQuery() |> ignore)
              )

          let full = SqlDriver.createWith { SqlDriver.defaults with Dialect = Some SqlDialect.Sqlite } small
          do! isRefused full "full" (fun () -> (full.Create (newKey ()) fat none).AsTask())

          use other = sqliteFile path "Default Timeout=8"
          use connection = other.OpenConnection()
          use command = connection.CreateCommand()
          command.CommandText <- "BEGIN IMMEDIATE"
          command.ExecuteNonQuery() |> ignore

          let busy =
              SqlDriver.createWith { SqlDriver.defaults with BusyTimeout = TimeSpan.FromMilliseconds 50. } writer

          do! isRefused busy "locked" (creates busy)
          command.CommandText <- "COMMIT"
          command.ExecuteNonQuery() |> ignore

          use nowhere = sqliteFile (Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString "N", "no.db")) ""
          let driver = SqlDriver.create nowhere
          do! isRefused driver "cannot open" (creates driver)

          let text = newFile ()
          File.WriteAllText(text, String('x', 10_000))
          use noDatabase = sqliteFile text ""
          let driver = SqlDriver.create noDatabase
          do! isRefused driver "no database" (creates driver)

          use empty = sqliteFile (newFile ()) ""
          let driver = SqlDriver.create empty
          do! isRefused driver "no table" (creates driver)

          do! execute writer "CREATE TABLE other (key TEXT PRIMARY KEY)"
          let driver = SqlDriver.createWith { SqlDriver.defaults with Table = "other" } writer
          do! isRefused driver "no column" (creates driver)

          do! execute writer "CREATE TRIGGER strict BEFORE INSERT ON runa_sessions BEGIN SELECT RAISE(ABORT, 'no'); END"
          let driver = SqlDriver.create writer
          do! isRefused driver "a constraint" (creates driver)
          Expect.isFalse (driver.IsRefusal(TimeoutException())) "no answer"
          Expect.isFalse (driver.IsRefusal(OperationCanceledException())) "cancelled, nobody knows when"
      }
      testTask "promise 9, 27: on a full SQLite sessions end: one, many, all, and what has expired" {
          let! (sql: SqlUnderTest) = withSchema (bareSqlite ())
          let isFull = ref false

          let source =
              new WatchedDataSource(
                  sql.Open(),
                  (fun connection ->
                      use command = connection.CreateCommand()
                      let most = if isFull.Value then 1 else 1_000_000
                      command.CommandText <- $"PRAGMA max_page_count = {most}"
                      command.ExecuteNonQuery() |> ignore)
              )

          let driver = SqlDriver.createWith sql.Options source
          let! (keys: StoreKey list) = createMany driver 300 (record >> ownedBy "ann")
          let! (_: StoreKey list) = createMany driver 300 (record >> idleUntil 1.)
          isFull.Value <- true
          do! isRefused driver "full" (fun () -> (driver.Create (newKey ()) fat none).AsTask())
          let! (deleted: SessionRecord voption) = driver.Delete keys.Head none
          Expect.isTrue deleted.IsSome "one"
          let! (removed: DeletedRecord list) = driver.DeleteMany (List.truncate 100 keys.Tail) none
          Expect.hasLength removed 100 "many"
          do! driver.Owners.Value.Advance "shop/web" "ann" none
          sql.Clock.Advance(TimeSpan.FromMinutes 1. + margin)
          let! (purged: int) = driver.PurgeExpired none
          Expect.equal purged 300 "expired"
          let! (ended: int) = driver.Owners.Value.DeleteAll "shop/web" none
          Expect.equal ended 199 "all"
      } ]

let private postgres =
    [ testTask "promise 14: PostgreSQL's refusals are certain" {
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          let server = SharedPostgres.get ()

          let driverOf (more: string) =
              SqlDriver.createWith sql.Options (NpgsqlDataSource.Create(server.ConnectionString "refused" + more))

          let readOnly = driverOf ";Options=-c default_transaction_read_only=on"
          do! isRefused readOnly "read-only" (creates readOnly)
          use registry = registry sql.Clock readOnly
          let! (e: exn) = failure (fun () -> start (Session.set count 1) registry)
          Expect.isTrue (e :? SessionStoreException) "the application's"
          Expect.isFalse (e :?> SessionStoreException).MayHaveBeenSaved "it was not saved"

          let nowhere = driverOf ";Database=nowhere"
          do! isRefused nowhere "no database" (creates nowhere)
          let role = "r" + Guid.NewGuid().ToString "N"
          use admin = sql.Open()
          do! execute admin $"CREATE ROLE {role} LOGIN"
          let stranger = driverOf $";Username={role}"
          do! isRefused stranger "no right" (creates stranger)
          do! execute admin $"ALTER ROLE {role} CONNECTION LIMIT 0"
          let many = driverOf $";Username={role};Maximum Pool Size=3"
          do! isRefused many "too many connections" (creates many)
          let nobody = driverOf ";Username=nobody_of_this_name"
          do! isRefused nobody "no such user" (creates nobody)

          let missing = SqlDriver.createWith { sql.Options with Table = "no_such_table" } (sql.Open())
          do! isRefused missing "no table" (creates missing)
          do! execute admin $"CREATE TABLE \"{sql.Options.Table}_o\" (key TEXT PRIMARY KEY)"

          let other = SqlDriver.createWith { sql.Options with Table = sql.Options.Table + "_o" } (sql.Open())

          do! isRefused other "no column" (creates other)

          let gone =
              SqlDriver.createWith
                  sql.Options
                  (NpgsqlDataSource.Create $"Host=127.0.0.1;Port={Ports.free ()};Username=postgres")

          do! isRefused gone "nobody listens" (creates gone)

          let late =
              SqlDriver.createWith
                  { sql.Options with EnsureSchema = true }
                  (NpgsqlDataSource.Create $"Host=127.0.0.1;Port={Ports.free ()};Username=postgres")

          do! isRefused late "nobody listens to the schema" (creates late)
      }
      testTask "promise 14: a statement that PostgreSQL canceled is a refusal; one whose connection it closed is not" {
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          let server = SharedPostgres.get ()
          let application = "held" + Guid.NewGuid().ToString "N"

          let driverOf (more: string) =
              SqlDriver.createWith sql.Options (NpgsqlDataSource.Create(server.ConnectionString application + more))

          use source = sql.Open()
          let key = newKey ()
          let! (_: bool) = (SqlDriver.createWith sql.Options source).Create key (record 1L) none
          use! (connection: DbConnection) = source.OpenConnectionAsync()
          use! (transaction: DbTransaction) = connection.BeginTransactionAsync()
          use holding = connection.CreateCommand()
          holding.CommandText <-
              $"SELECT key FROM \"{sql.Options.Table}\" WHERE key = '{StoreKey.toText key}' FOR UPDATE"
          let! (_: objnull) = holding.ExecuteScalarAsync()

          let replaces (driver: SessionDriver) (token: CancellationToken) () : Task =
              (driver.Replace key (version 1L) (record 2L) token).AsTask()

          let impatient = driverOf ";Options=-c statement_timeout=100"
          do! isRefused impatient "canceled by the server" (replaces impatient none)
          let unlocked = driverOf ";Options=-c lock_timeout=100"
          do! isRefused unlocked "locked" (replaces unlocked none)
          let driver = driverOf ""
          let cancelled = new CancellationTokenSource(200)
          do! isRefused driver "canceled by its caller" (replaces driver cancelled.Token)

          let waiting = replaces driver none ()
          let mutable ended = 0

          while ended = 0 do
              let! (count: objnull) =
                  scalar
                      source
                      $"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{application}' AND wait_event_type = 'Lock'"

              ended <- Convert.ToInt32 count

          do! isUnknown driver "the connection was closed" (fun () -> waiting)
          do! transaction.CommitAsync()
          let! (found: SessionRecord voption) = driver.Load key none
          Expect.equal found (ValueSome(record 1L)) "none of them wrote"
      }
      testTask
          "promise 25: reads do not notice that the server closed the connections that were idle, nor that it restarted" {
          let server = PostgresServer.start ()
          use source = NpgsqlDataSource.Create(server.ConnectionString "idle" + ";Minimum Pool Size=5")
          let options =
              { SqlDriver.defaults with TimeProvider = Microsoft.Extensions.Time.Testing.FakeTimeProvider now }
          do! SqlDriver.ensureSchema options source
          let driver = SqlDriver.createWith options source
          let! (keys: StoreKey list) = createMany driver 1 (record >> ownedBy "ann")
          let key = keys.Head

          let reads: (string * (unit -> Task)) list =
              [ "load", (fun () -> (driver.Load key none).AsTask())
                "list", (fun () -> (driver.Owners.Value.List "shop/web" "ann" None none).AsTask())
                "epoch", (fun () -> (driver.Owners.Value.Epoch "shop/web" "ann" none).AsTask())
                "ping", (fun () -> (driver.Ping none).AsTask()) ]

          let fillPool () : Task =
              Task.WhenAll [ for _ in 1..5 -> Task.Run(fun () -> (scalar source "SELECT pg_sleep(0.1)") :> Task) ]

          for what, read in reads do
              do! fillPool ()
              use admin = NpgsqlDataSource.Create(server.ConnectionString "admin")

              let! (closed: objnull) =
                  scalar
                      admin
                      "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'idle'"

              Expect.isGreaterThanOrEqual (Convert.ToInt32 closed) 1 "they were idle"
              do! read ()

              do! fillPool ()
              server.Crash()
              server.Start()
              let! (found: SessionRecord voption) = driver.Load key none
              Expect.isTrue found.IsSome $"after {what} and a restart"
      }
      testTask "a write on a connection that was closed is not sent again" {
          let server = SharedPostgres.get ()
          let application = "dead" + Guid.NewGuid().ToString "N"
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          use source = NpgsqlDataSource.Create(server.ConnectionString application)
          use admin = NpgsqlDataSource.Create(server.ConnectionString "admin")
          let driver = SqlDriver.createWith sql.Options source
          do! driver.Ping none

          let! (closed: objnull) =
              scalar
                  admin
                  $"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{application}'"

          Expect.equal (Convert.ToInt32 closed) 1 "one was idle"
          do! isUnknown driver "nobody knows whether it arrived" (creates driver)
          let! (_: bool) = driver.Create (newKey ()) (record 1L) none
          let! (left: int) = rows sql
          Expect.equal left 1 "the next one is good"
      } ]

let private states =
    /// As a provider would raise it.
    let raised (state: string | null) (message: string) : exn =
        { new DbException(message) with
            override _.SqlState = state }

    [ test "what PostgreSQL's states say: refused for certain, or not" {
          for state in
              [ "25006"
                "42P01"
                "42703"
                "42501"
                "53100"
                "53200"
                "53300"
                "57P03"
                "28P01"
                "28000"
                "3D000"
                "40001"
                "40P01"
                "55P03"
                "57014"
                "23505"
                "22001" ] do
              Expect.isTrue (SqlFault.isRefusal (raised state "x")) state

          for state in [ "57P01"; "57P02"; "57P05"; "08006"; "08P01"; "08007"; "40003"; "58030"; "XX000"; "P0"; "" ] do
              Expect.isFalse (SqlFault.isRefusal (raised state "x")) state
      }
      test "what SQLite's codes say" {
          for code in [ 1; 5; 6; 8; 11; 13; 14; 19; 26 ] do
              Expect.isTrue (SqlFault.isRefusal (raised null $"SQLite Error {code}: 'x'.")) $"{code}"
              let extended = code + 256 * 3
              Expect.isTrue (SqlFault.isRefusal (raised null $"SQLite Error {extended}: 'x'.")) $"{extended}"

          for code in [ 7; 10; 10 + 256 * 4; 21; 0 ] do
              Expect.isFalse (SqlFault.isRefusal (raised null $"SQLite Error {code}: 'x'.")) $"{code}"

          Expect.isFalse (SqlFault.isRefusal (raised null "Value says SQLite Error 8: 'x'.")) "not at the beginning"
      } ]

[<Tests>]
let tests =
    testList "Sql: refusals" [ testList "SQLite" sqlite; testList "PostgreSQL" postgres; testList "states" states ]
