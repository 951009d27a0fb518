module Runa.Session.Tests.SqlDialectTests

open System
open Expecto
open Microsoft.Data.Sqlite
open Npgsql
open Runa.Session

[<Tests>]
let tests =
    testList
        "SqlDialect"
        [ test "SQLite and PostgreSQL are recognized by their providers, without connecting" {
              use sqlite = SqliteFactory.Instance.CreateDataSource "Data Source=/nowhere/at/all.db"
              use postgres = NpgsqlDataSource.Create "Host=nowhere.invalid"
              Expect.equal (SqlDialect.detect sqlite) SqlDialect.Sqlite "SQLite"
              Expect.equal (SqlDialect.detect postgres) SqlDialect.PostgreSql "PostgreSQL"
          }
          test "another provider is named in the error, and the option that helps" {
              use inner = SqliteFactory.Instance.CreateDataSource "Data Source=/nowhere/at/all.db"
              use source = new WatchedDataSource(inner, ignore)
              let e = Expect.throwsC (fun () -> SqlDriver.create source |> ignore) id
              Expect.isTrue (e :? NotSupportedException) "its type"
              Expect.stringContains e.Message "Runa.Session.Tests.WatchedConnection" "provider"
              Expect.stringContains e.Message "the option Dialect" "option"
          }
          test "where the options name the dialect, nobody asks the provider" {
              use inner = SqliteFactory.Instance.CreateDataSource "Data Source=/nowhere/at/all.db"
              use source = new WatchedDataSource(inner, ignore)

              let options = { SqlDriver.defaults with Dialect = Some SqlDialect.Sqlite }

              Expect.equal (SqlDriver.createWith options source).Name "sql" "created"
          } ]
