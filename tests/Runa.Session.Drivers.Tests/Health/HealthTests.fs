/// The health of real stores: answering, stopped, refusing, locked, read-only.
module Runa.Session.Tests.HealthTests

open System
open System.Data.Common
open System.IO
open System.Threading
open System.Threading.Tasks
open Expecto
open Microsoft.Data.Sqlite
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Diagnostics.HealthChecks
open Npgsql
open Runa
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.SqlUnderTest

/// For stores that never answer.
let private short = TimeSpan.FromSeconds 1.

/// For all others: the machine may be busy.
let private long = TimeSpan.FromSeconds 30.

/// An application whose sessions are on this driver.
let private application (limit: TimeSpan) (name: string) (driver: SessionDriver) : ServiceProvider =
    let services = ServiceCollection().AddLogging()

    services.AddRunaSession(
        SessionSetup.secrets [ secret ]
        >> SessionSetup.application "tests"
        >> SessionSetup.driver name driver
        >> SessionSetup.session "web" (fun o -> { o with Driver = name })
    )
    |> ignore

    services.AddHealthChecks().AddRunaSession(timeout = Nullable limit) |> ignore
    services.BuildServiceProvider()

let private check (app: ServiceProvider) : Task<HealthReportEntry> =
    task {
        let! report = app.GetRequiredService<HealthCheckService>().CheckHealthAsync()
        return (Seq.exactlyOne report.Entries).Value
    }

let private driverOf (entry: HealthReportEntry) (name: string) = entry.Data[name] :?> SessionDriverHealth

let private isUp (app: ServiceProvider) (name: string) : Task<unit> =
    task {
        let! entry = check app
        Expect.isTrue (driverOf entry name).IsUp (string entry.Description)
        Expect.notEqual entry.Status HealthStatus.Unhealthy (string entry.Description)
    }

let private isDown (app: ServiceProvider) (name: string) (failure: string -> bool) : Task<unit> =
    task {
        let! entry = check app
        let driver = driverOf entry name
        Expect.equal entry.Status HealthStatus.Unhealthy (string entry.Description)
        Expect.isTrue (failure (string driver.Failure)) $"{name}: {driver.Failure}"
    }

let private unanswered (failure: string) = failure = "no answer within 1 s"

/// A server that was stopped refuses connections; a client that still waits for it has no answer.
let rec private eventuallyUp (app: ServiceProvider) (name: string) (tries: int) : Task<unit> =
    task {
        let! entry = check app

        if not (driverOf entry name).IsUp then
            if tries = 0 then
                failtest (string entry.Description)

            do! Task.Delay 100
            do! eventuallyUp app name (tries - 1)
    }

let private onSqlite
    (limit: TimeSpan)
    (more: string)
    (test: string -> DbDataSource -> ServiceProvider -> Task<unit>)
    : Task<unit> =
    task {
        let path = newFile ()
        use source = sqliteFile path ""
        do! SqlDriver.ensureSchema SqlDriver.defaults source
        use reading = sqliteFile path more
        use app = application limit "sql" (SqlDriver.create reading)
        do! test path source app
    }

let private sql =
    [ testTask "SQLite: a file that can be written is healthy, and nothing is written" {
          do!
              onSqlite long "" (fun _ source app ->
                  task {
                      use writing = source.OpenConnection()
                      let version (connection: DbConnection) =
                          use command = connection.CreateCommand()
                          command.CommandText <- "PRAGMA data_version"
                          command.ExecuteScalar()

                      let before = version writing
                      do! isUp app "sql"
                      Expect.equal (version writing) before "no commit of another connection"
                  })
      }

      testTask "SQLite: a file that is read-only is down" {
          do! onSqlite long "Mode=ReadOnly" (fun _ _ app -> isDown app "sql" ((=) "SqliteException"))
      }

      testTask "SQLite: a file that another process has locked is down, until it is free" {
          do!
              onSqlite short "Default Timeout=30" (fun _ source app ->
                  task {
                      use connection = source.OpenConnection()
                      use lock = connection.CreateCommand()
                      lock.CommandText <- "BEGIN EXCLUSIVE"
                      lock.ExecuteNonQuery() |> ignore
                      do! isDown app "sql" unanswered
                      do! isDown app "sql" unanswered
                      lock.CommandText <- "ROLLBACK"
                      lock.ExecuteNonQuery() |> ignore
                      do! eventuallyUp app "sql" 300
                  })
      }

      testTask "SQLite: a folder that is not there, and a table that is not there, are down" {
          use nowhere = sqliteFile (Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString "N", "a.db")) ""
          use app = application long "sql" (SqlDriver.create nowhere)
          do! isDown app "sql" ((=) "SqliteException")
          use empty = sqliteFile (newFile ()) ""
          use app = application long "sql" (SqlDriver.create empty)
          do! isDown app "sql" ((=) "InvalidOperationException")
      }

      testTask "PostgreSQL: healthy, stopped, and healthy again" {
          let server = PostgresServer.start ()
          use source = NpgsqlDataSource.Create(server.ConnectionString "health")
          do! SqlDriver.ensureSchema SqlDriver.defaults source
          use app = application long "sql" (SqlDriver.create source)
          do! isUp app "sql"
          server.Crash()
          do! isDown app "sql" (fun failure -> failure.EndsWith "Exception")
          server.Start()
          do! eventuallyUp app "sql" 100
      }

      testTask "PostgreSQL: nobody listens on the port" {
          use source =
              NpgsqlDataSource.Create $"Host=127.0.0.1;Port={Ports.free ()};Username=postgres;Password=hunter2"
          use app = application long "sql" (SqlDriver.create source)
          let! (entry: HealthReportEntry) = check app
          Expect.equal entry.Status HealthStatus.Unhealthy "down"
          let driver = driverOf entry "sql"
          let told = $"{entry.Description} {driver.Failure} {entry.Exception}"
          Expect.isFalse (told.Contains "hunter2" || told.Contains "127.0.0.1") told
      }

      testTask "PostgreSQL: a server that takes no writes is down, though it reads" {
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          let server = SharedPostgres.get ()

          use source =
              NpgsqlDataSource.Create(server.ConnectionString "tests" + ";Options=-c default_transaction_read_only=on")

          use app = application long "sql" (SqlDriver.createWith sql.Options source)
          do! isDown app "sql" ((=) "PostgresException")
      } ]

let private redis =
    [ redisTest "Redis: healthy, stopped, and healthy again" (fun () ->
          task {
              use! server = RedisServer.Start []
              use! connection = server.Connect()
              use app = application long "redis" (RedisDriver.create connection)
              do! isUp app "redis"
              server.Kill()
              do! isDown app "redis" (fun failure -> failure.StartsWith "Redis")
              do! server.Restart()
              do! eventuallyUp app "redis" 100
          })

      redisTest "Redis: a server that hangs has no answer" (fun () ->
          task {
              use! server = RedisServer.Start []
              use! connection = server.Connect()
              use! admin = server.Connect()
              use app = application short "redis" (RedisDriver.create connection)
              do! eventuallyUp app "redis" 100
              let! _ = command admin "CLIENT" [ "PAUSE"; "2500"; "ALL" ]
              do! isDown app "redis" unanswered
              do! eventuallyUp app "redis" 100
          })

      redisTest "one of two stores that is down degrades, the other one serves" (fun () ->
          task {
              use! server = RedisServer.Start []
              use! connection = server.Connect()
              let path = newFile ()
              use source = sqliteFile path ""
              do! SqlDriver.ensureSchema SqlDriver.defaults source
              let services = ServiceCollection().AddLogging()

              services.AddRunaSession(
                  SessionSetup.secrets [ secret ]
                  >> SessionSetup.driver "redis" (RedisDriver.create connection)
                  >> SessionSetup.driver "sql" (SqlDriver.create source)
                  >> SessionSetup.session "web" (fun o -> { o with Driver = "redis" })
                  >> SessionSetup.session "admin" (fun o -> { o with Driver = "sql" })
              )
              |> ignore

              services.AddHealthChecks().AddRunaSession(timeout = Nullable long) |> ignore
              use app = services.BuildServiceProvider()
              let! entry = check app
              Expect.notEqual entry.Status HealthStatus.Unhealthy (string entry.Description)
              server.Kill()
              let! entry = check app
              Expect.equal entry.Status HealthStatus.Degraded (string entry.Description)
              Expect.isTrue (driverOf entry "sql").IsUp "sql"
              Expect.isFalse (driverOf entry "redis").IsUp "redis"
          }) ]

[<Tests>]
let tests = testList "Health of stores" (sql @ redis)
