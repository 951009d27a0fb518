module Runa.Session.Tests.SqlSchemaTests

open System
open System.Data.Common
open System.IO
open System.Text.RegularExpressions
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.SqlUnderTest

let private raised = failure

let private onBare name (run: SqlUnderTest -> Task<unit>) =
    testList
        name
        [ testTask "SQLite" { do! run (bareSqlite ()) }
          testTask "PostgreSQL" { do! run (barePostgres ()) } ]

[<Tests>]
let tests =
    testList
        "SqlSchema"
        [ onBare "many may create the schema at once" (fun sql ->
              task {
                  do!
                      Task.WhenAll
                          [ for _ in 1..8 do
                                Task.Run(fun () ->
                                    task {
                                        use source = sql.Open()
                                        do! SqlDriver.ensureSchema sql.Options source
                                    }
                                    :> Task) ]

                  let driver = sql.Driver()
                  let! isCreated = driver.Create (newKey ()) (record 1L) none
                  Expect.isTrue isCreated "it is there"
              })
          onBare "what is there already stays as it is" (fun sql ->
              task {
                  use source = sql.Open()
                  let key = newKey ()
                  do! SqlDriver.ensureSchema sql.Options source
                  let driver = SqlDriver.createWith sql.Options source
                  let! _ = driver.Create key (record 1L) none
                  do! SqlDriver.ensureSchema sql.Options source
                  let! found = driver.Load key none
                  Expect.equal found (ValueSome(record 1L)) "loaded"
              })
          onBare "a table that is not there is named, and who creates it" (fun sql ->
              task {
                  let driver = sql.Driver()

                  let calls: (unit -> Task) list =
                      [ fun () -> (driver.Load (newKey ()) none).AsTask()
                        fun () -> (driver.Create (newKey ()) (record 1L) none).AsTask()
                        fun () -> (driver.Delete (newKey ()) none).AsTask()
                        fun () -> (driver.Ping none).AsTask() ]

                  for call in calls do
                      let! e = raised call
                      Expect.isTrue (e :? InvalidOperationException) "its type"
                      Expect.stringContains e.Message sql.Options.Table "table"
                      Expect.stringContains e.Message "SqlDriver.ensureSchema" "who creates it"
                      Expect.isTrue (e.InnerException :? DbException) "the cause"
              })
          onBare "a table of that name that is another's is refused, and left alone" (fun sql ->
              task {
                  use source = sql.Open()
                  do! execute source $"CREATE TABLE \"{sql.Options.Table}\" (id INTEGER, scope TEXT, ends_at BIGINT)"
                  let! e = raised (fun () -> SqlDriver.ensureSchema sql.Options source)
                  Expect.isTrue (e :? InvalidOperationException) "its type"
                  Expect.stringContains e.Message "belongs to something else" "message"
                  let driver = SqlDriver.createWith sql.Options source
                  let! e = raised (fun () -> (driver.Load (newKey ()) none).AsTask())
                  Expect.stringContains e.Message "belongs to something else" "message"
                  let! rows = scalar source $"SELECT COUNT(id) FROM \"{sql.Options.Table}\""
                  Expect.equal (Convert.ToInt32 rows) 0 "it is there still"
              })
          onBare "a table of an earlier version is told, with what to do, and its sessions live on" (fun sql ->
              task {
                  use source = sql.Open()
                  let earlier =
                      Regex.Replace(SqlDriver.schema sql.Options, @",(\s*-- the record.*)\n.*advanced_at.*", "$1")
                  do! execute source earlier
                  let driver = SqlDriver.createWith sql.Options source
                  let key = newKey ()
                  let! _ = driver.Create key (record 1L) none
                  let! told = raised (fun () -> SqlDriver.ensureSchema sql.Options source)
                  let! pinged = raised (fun () -> (driver.Ping none).AsTask())
                  let! advanced = raised (fun () -> (driver.Owners.Value.Advance "shop/web" "ann" none).AsTask())

                  for e in [ told; pinged; advanced ] do
                      Expect.isTrue (e :? InvalidOperationException) "its type"
                      Expect.stringContains e.Message $"\"{sql.Options.Table}\" is of an earlier version" "what"
                      Expect.stringContains e.Message "ADD COLUMN advanced_at BIGINT" "what to do"

                  do! execute source $"ALTER TABLE \"{sql.Options.Table}\" ADD COLUMN advanced_at BIGINT"
                  do! SqlDriver.ensureSchema sql.Options source
                  let! found = driver.Load key none
                  Expect.equal found (ValueSome(record 1L)) "loaded"
                  do! driver.Owners.Value.Advance "shop/web" "ann" none
              })
          onBare "with EnsureSchema the first call creates it, whichever comes first" (fun sql ->
              task {
                  let driver = SqlDriver.createWith { sql.Options with EnsureSchema = true } (sql.Open())
                  let keys = [ for _ in 1..20 -> newKey () ]

                  let! created =
                      Task.WhenAll
                          [ for key in keys do
                                Task.Run<bool>(fun () -> (driver.Create key (record 1L) none).AsTask()) ]

                  Expect.all created id "all created"
                  do! driver.Ping none
              })
          testTask "with EnsureSchema the table is created later if the database was not there at first" {
              let folder = Path.Combine(Path.GetTempPath(), "runa-" + Guid.NewGuid().ToString "N")
              use source = sqliteFile (Path.Combine(folder, "late.db")) ""

              let driver = SqlDriver.createWith { SqlDriver.defaults with EnsureSchema = true } source

              let! (_: exn) = raised (fun () -> (driver.Ping none).AsTask())
              Directory.CreateDirectory folder |> ignore

              try
                  do! driver.Ping none
              finally
                  Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools()
                  Directory.Delete(folder, true)
          }
          testTask "SQLite keeps a write-ahead log from then on" {
              let path = newFile ()
              use source = sqliteFile path ""
              do! SqlDriver.ensureSchema SqlDriver.defaults source
              let! mode = scalar source "PRAGMA journal_mode"
              Expect.equal (string mode) "wal" "mode"
          }
          testTask "a SQLite database in memory is refused, since each connection would have its own" {
              use source = sqliteFile ":memory:" ""
              let! (e: exn) = raised (fun () -> SqlDriver.ensureSchema SqlDriver.defaults source)
              Expect.stringContains e.Message "\"memory\"" "message"
          }
          testTask "PostgreSQL's table may stand in a schema of its own" {
              let sql = barePostgres ()
              use source = sql.Open()
              let schema = "s_" + Guid.NewGuid().ToString "N"
              do! execute source $"CREATE SCHEMA \"{schema}\""
              let options = { sql.Options with Table = schema + ".Sessions" }
              do! SqlDriver.ensureSchema options source
              let driver = SqlDriver.createWith options source
              let! (isCreated: bool) = driver.Create (newKey ()) (record 1L) none
              Expect.isTrue isCreated "created"
              let! (rows: objnull) = scalar source $"SELECT COUNT(*) FROM \"{schema}\".\"Sessions\""
              Expect.equal (Convert.ToInt32 rows) 1 "there"
          }
          onBare "what SqlDriver.schema prints, run by another tool, suffices" (fun sql ->
              task {
                  use source = sql.Open()
                  do! execute source (SqlDriver.schema sql.Options)
                  let driver = SqlDriver.createWith sql.Options source
                  let! isCreated = driver.Create (newKey ()) (record 1L) none
                  Expect.isTrue isCreated "created"
              }) ]
