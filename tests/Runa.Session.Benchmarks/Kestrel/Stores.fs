namespace Runa.Session.Benchmarks

open System
open System.Data.Common
open System.IO
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Microsoft.Data.Sqlite
open Microsoft.Extensions.DependencyInjection
open Npgsql
open Runa.Session
open Runa.Session.Tests
open Runa.Session.Tests.RedisServers
open StackExchange.Redis

/// The sites by the store of their sessions. Each driver is registered under the name of the default one, memory. With a server or a file, there is one more site, whose request asks the
/// store once by the same client, without a session.
module Stores =
    let private document = String('x', 250)

    let memory () : Site list =
        [ Site.plain "bare" Site.nothing
          Site.dressed "bare, cookie and headers"
          yield! RunaSites.both "memory" id
          yield! FrameworkSites.both "memory" FrameworkApps.inMemory ]

    let cookie () : Site list = RunaSites.both "cookie" RunaApps.inCookie

    let redis () : Task<Site list> =
        task {
            if not RedisServer.IsInstalled then
                return []
            else
                let! server = RedisServer.Start []
                let! connection = ConnectionMultiplexer.ConnectAsync server.Address
                let database = connection.GetDatabase()
                let! _ = database.StringSetAsync(RedisKey "bench", RedisValue document)

                let get =
                    RequestDelegate(fun context ->
                        task {
                            let! _ = database.StringGetAsync(RedisKey "bench")
                            do! Site.ok context
                        })

                let cache (services: IServiceCollection) =
                    services.AddStackExchangeRedisCache(fun options -> options.Configuration <- server.Address)
                    |> ignore

                return
                    [ Site.plain "Redis, one GET" get
                      yield!
                          RunaSites.both
                              "Redis"
                              (SessionSetup.driverFrom "memory" (fun _ -> RedisDriver.create connection))
                      yield! FrameworkSites.both "Redis" cache ]
        }

    let private run (source: DbDataSource) (sql: string) : Task =
        task {
            use! connection = source.OpenConnectionAsync()
            use command = connection.CreateCommand()
            command.CommandText <- sql
            let! _ = command.ExecuteNonQueryAsync()
            ()
        }

    let private key = "0123456789012345678901"

    let private select (source: DbDataSource) =
        RequestDelegate(fun context ->
            task {
                let! text = SqlSelect.text source "bench" key

                if text.Length <> document.Length then
                    failwith "never"

                do! Site.ok context
            })

    let private sql (store: string) (source: DbDataSource) : Task<Site list> =
        task {
            do! SqlDriver.ensureSchema SqlDriver.defaults source
            do! run source "CREATE TABLE bench (key TEXT PRIMARY KEY, record TEXT NOT NULL, idle_expires_at BIGINT)"
            do! run source $"INSERT INTO bench VALUES ('{key}', '{document}', NULL)"

            return
                [ Site.plain $"{store}, one SELECT" (select source)
                  yield! RunaSites.both store (SessionSetup.driverFrom "memory" (fun _ -> SqlDriver.create source)) ]
        }

    let postgres () : Task<Site list> =
        match PostgresPrograms.obstacle.Value with
        | Some _ -> Task.FromResult []
        | None -> sql "PostgreSQL" (NpgsqlDataSource.Create(PostgresServer.start().ConnectionString "bench"))

    let sqlite () : Task<Site list> =
        let folder = Directory.CreateTempSubdirectory("runa-bench-").FullName

        AppDomain.CurrentDomain.ProcessExit.Add(fun _ ->
            SqliteConnection.ClearAllPools()
            Directory.Delete(folder, true))

        let file = Path.Combine(folder, "sessions.db")
        sql "SQLite" (SqliteFactory.Instance.CreateDataSource $"Data Source={file}")

    let all () : Task<Site list> =
        task {
            let! redis = redis ()
            let! postgres = postgres ()
            let! sqlite = sqlite ()
            return memory () @ cookie () @ redis @ postgres @ sqlite
        }

    /// For a session that many change at once.
    let forWriters () : Task<Site list> =
        task {
            let! redis = redis ()
            return memory () @ redis
        }
