module Runa.Session.Tests.SqliteFaultTests

open System
open System.Data.Common
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

/// The message that SQLite raised it with.
let private raised (work: ValueTask<'T>) : Task<string> =
    task {
        try
            let! _ = work
            return failtest "it raised nothing"
        with :? DbException as e ->
            return e.Message
    }

let private execute (connection: DbConnection) (text: string) =
    use command = connection.CreateCommand()
    command.CommandText <- text
    command.ExecuteNonQuery() |> ignore

let private fat (number: int64) : SessionRecord =
    let plain = record number

    { plain with
        State = { plain.State with Values = Map [ "fat", "\"" + String('x', 50_000) + "\"" ] } }

/// A file on a disk that can be full: this many pages, of 4 KiB.
let private onSmallDisk (sql: SqlUnderTest) =
    let pages = ref 1_000_000

    let source =
        new WatchedDataSource(
            sql.Open(),
            (fun connection -> execute connection $"PRAGMA max_page_count = {pages.Value}")
        )

    struct (source, pages)

[<Tests>]
let tests =
    testList
        "SQLite's faults"
        [ testTask
              "promise 14, 15: on a full disk a write raises, nothing is half done, reads go on, and later all is well" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())
              let struct (source, pages) = onSmallDisk sql
              let driver = SqlDriver.createWith sql.Options source
              let kept = newKey ()
              let! _ = driver.Create kept (record 1L) none
              pages.Value <- 10
              let refused = newKey ()
              let! (created: string) = raised (driver.Create refused (fat 2L) none)
              Expect.stringContains created "full" "create"
              let! (replaced: string) = raised (driver.Replace kept (version 1L) (fat 3L) none)
              Expect.stringContains replaced "full" "replace"
              let! (found: SessionRecord voption) = driver.Load kept none
              Expect.equal found (ValueSome(record 1L)) "what was there is unchanged"
              let! (found: SessionRecord voption) = driver.Load refused none
              Expect.equal found ValueNone "nothing of the other"
              pages.Value <- 1_000_000
              let! (created: bool) = driver.Create refused (fat 2L) none
              Expect.isTrue created "with room again"
              let! (replaced: ReplaceResult) = driver.Replace kept (version 1L) (fat 3L) none
              Expect.equal replaced ReplaceResult.Replaced "with room again"
              Expect.equal source.OpenNow 0 "every connection was given back"
          }
          testTask "promise 14: an application on a full disk gets SessionStoreException, and keeps its sessions" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())
              let struct (source, pages) = onSmallDisk sql
              use registry = registry sql.Clock (SqlDriver.createWith sql.Options source)
              let! (cookie: string) = start (Session.set count 41) registry
              pages.Value <- 10
              let fill = Session.set (SessionKey.create<string> "fat") (String('x', 50_000))

              let! (failed: bool) =
                  task {
                      try
                          let! _ = SessionRegistry.update "web" (Some cookie) fill none registry
                          return false
                      with :? SessionStoreException ->
                          return true
                  }

              Expect.isTrue failed "it raised"
              let! (found: int option) = counted cookie registry
              Expect.equal found (Some 41) "read"
              pages.Value <- 1_000_000
              let! (_: Committed) = increment cookie registry
              let! (found: int option) = counted cookie registry
              Expect.equal found (Some 42) "written"
          }
          testTask "a file that cannot be written can still be read" {
              let path = newFile ()
              use writer = sqliteFile path ""
              use reader = sqliteFile path "Mode=ReadOnly"
              do! SqlDriver.ensureSchema SqlDriver.defaults writer
              let key = newKey ()
              let! _ = (SqlDriver.create writer).Create key (record 1L) none
              let driver = SqlDriver.create reader
              let! (found: SessionRecord voption) = driver.Load key none
              Expect.equal found (ValueSome(record 1L)) "loaded"
              let! (refused: string) = raised (driver.Delete key none)
              Expect.stringContains refused "readonly" "deleted"
          }
          testTask
              "promise 14: a writer elsewhere that does not end in time is an error; reads go on; afterwards all is well" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())

              let driver =
                  SqlDriver.createWith { sql.Options with BusyTimeout = TimeSpan.FromMilliseconds 100. } (sql.Open())

              let key = newKey ()
              let! _ = driver.Create key (record 1L) none
              use other = sql.Open()
              use connection = other.OpenConnection()
              execute connection "BEGIN IMMEDIATE"
              let! (locked: string) = raised (driver.Replace key (version 1L) (record 2L) none)
              Expect.stringContains locked "locked" "replace"
              let! (found: SessionRecord voption) = driver.Load key none
              Expect.equal found (ValueSome(record 1L)) "read"
              execute connection "COMMIT"
              let! (replaced: ReplaceResult) = driver.Replace key (version 1L) (record 2L) none
              Expect.equal replaced ReplaceResult.Replaced "afterwards"
          }
          testTask "a call waits for a writer elsewhere that ends in time" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())

              let driver =
                  SqlDriver.createWith { sql.Options with BusyTimeout = TimeSpan.FromSeconds 30. } (sql.Open())

              use other = sql.Open()
              use connection = other.OpenConnection()
              execute connection "BEGIN IMMEDIATE"
              let key = newKey ()
              let creating = Task.Run<bool>(fun () -> (driver.Create key (record 1L) none).AsTask())
              let! (isEarly: Task) = Task.WhenAny(creating, Task.Delay 50)
              Expect.isFalse (obj.ReferenceEquals(isEarly, creating)) "it waits"
              execute connection "COMMIT"
              let! (isCreated: bool) = creating
              Expect.isTrue isCreated "created"
          }
          testTask "promise 15: a call that is cancelled while it waits for its turn writes nothing and blocks nobody" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())
              let driver = sql.Driver()
              use other = sql.Open()
              use connection = other.OpenConnection()
              execute connection "BEGIN IMMEDIATE"
              let cancelled = new CancellationTokenSource()
              let first, second = newKey (), newKey ()
              let holding = Task.Run<bool>(fun () -> (driver.Create first (record 1L) none).AsTask())
              let waiting = Task.Run<bool>(fun () -> (driver.Create second (record 2L) cancelled.Token).AsTask())
              cancelled.Cancel()

              let! (isCancelled: bool) =
                  task {
                      try
                          return! waiting
                      with :? OperationCanceledException ->
                          return true
                  }

              Expect.isTrue isCancelled "cancelled"
              execute connection "COMMIT"
              let! (isCreated: bool) = holding
              Expect.isTrue isCreated "the other"
              let! (found: SessionRecord voption) = driver.Load second none
              Expect.equal found ValueNone "nothing of the cancelled one"
          } ]
