module Runa.Session.Tests.PostgresRefusalTests

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
open Runa.Session.Tests.SqlRefusals

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
          // The connection is open before the time runs.
          let! (_: SessionRecord voption) = driver.Load key none
          let cancelled = new CancellationTokenSource(1_000)
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

[<Tests>]
let tests = testList "Sql: refusals" [ testList "PostgreSQL" postgres ]
