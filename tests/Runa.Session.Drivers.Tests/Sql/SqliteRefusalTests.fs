module Runa.Session.Tests.SqliteRefusalTests

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

[<Tests>]
let tests = testList "Sql: refusals" [ testList "SQLite" sqlite ]
