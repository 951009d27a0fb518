module Runa.Session.Tests.SqlPurgeTests

open System
open System.Data.Common
open System.Text.RegularExpressions
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

/// Rows as a bulk insert would bring them, all of which ended at the beginning of time.
let private fill (sql: SqlUnderTest) (source: DbDataSource) (first: int) (count: int) =
    let last = first + count - 1

    let numbers =
        match sql.Options.Dialect with
        | Some SqlDialect.PostgreSql -> $"generate_series({first}, {last}) AS n(i)"
        | _ ->
            $"(WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n) AS n"

    execute
        source
        $"INSERT INTO \"{sql.Options.Table}\" (key, scope, owner, version, ends_at, expires_at, record)
          SELECT 'bulk' || i, 'shop/web', 'owner' || (i %% 100), 1, i, i, '{String('x', 200)}' FROM {numbers}"

let private batches =
    [ test "a batch that was quick is followed by a larger one, one that took long by one that fits, within bounds" {
          let next most size (milliseconds: float) = SqlBatch.next most size (TimeSpan.FromMilliseconds milliseconds)
          Expect.equal (SqlBatch.first 1000) 50 "the first"
          Expect.equal (SqlBatch.first 7) 7 "of few"
          Expect.equal (next 1000 50 1.) 100 "quick"
          Expect.equal (next 1000 800 1.) 1000 "at most"
          Expect.equal (next 1000 400 10.) 400 "as it should be"
          Expect.equal (next 1000 400 150.) 40 "ten times too long"
          Expect.equal (next 1000 400 60_000.) 10 "at least"
          Expect.equal (next 3 3 60_000.) 3 "of few"
          Expect.equal
              (SqlBatch.pause (TimeSpan.FromMilliseconds 15.))
              (TimeSpan.FromMilliseconds 15.)
              "half of the time"
          Expect.equal (SqlBatch.pause (TimeSpan.FromMinutes 1.)) (TimeSpan.FromMilliseconds 100.) "no longer"
          Expect.isGreaterThan (SqlBatch.pause TimeSpan.Zero) TimeSpan.Zero "always one"
      } ]

let private turns =
    [ onBoth "promise 11: writers get their turn between the batches of a big purge" (fun sql ->
          task {
              use inner = sql.Open()
              use source = new WatchedDataSource(inner, ignore)
              do! fill sql source 1 3_000
              let driver = SqlDriver.createWith { sql.Options with PurgeBatch = 50 } source
              let purging = Task.Run<int>(fun () -> (driver.PurgeExpired none).AsTask())
              let mutable created = 0

              while not purging.IsCompleted do
                  let! isCreated = driver.Create (newKey ()) (record 1L) none
                  Expect.isTrue isCreated "created"
                  created <- created + 1

              let! purged = purging
              Expect.equal purged 3_000 "all"
              // Of 61 statements; a writer that had to wait for the end would count one or two.
              Expect.isGreaterThan created 15 "written meanwhile"
              let! left = rows sql
              Expect.equal left created "those stay"
          })
      onBoth "promise 27: and between those of a scope that is ended" (fun sql ->
          task {
              use source = sql.Open()
              do! fill sql source 1 3_000
              let driver = SqlDriver.createWith { sql.Options with PurgeBatch = 50 } source
              let ending = Task.Run<int>(fun () -> (driver.Owners.Value.DeleteAll "shop/web" none).AsTask())
              let mutable created = 0

              while not ending.IsCompleted do
                  let! isCreated = driver.Create (newKey ()) { record 1L with Scope = "shop/admin" } none
                  Expect.isTrue isCreated "created"
                  created <- created + 1

              let! ended = ending
              Expect.equal ended 0 "none of them lived"
              Expect.isGreaterThan created 15 "written meanwhile"
              let! left = rows sql
              Expect.equal left (created + 1) "those stay, and the epoch"
          })
      onBoth "promise 11: purges of one driver go one after another, and each row counts once" (fun sql ->
          task {
              use inner = sql.Open()
              use source = new WatchedDataSource(inner, ignore)
              do! fill sql inner 1 200
              let driver = SqlDriver.createWith { sql.Options with PurgeBatch = 10 } source

              let! purged =
                  Task.WhenAll [ for _ in 1..60 -> Task.Run<int>(fun () -> (driver.PurgeExpired none).AsTask()) ]

              Expect.equal (Array.sum purged) 200 "each once"
              // One did it all, in 21 statements; the others looked once.
              Expect.hasLength (purged |> Array.filter (fun count -> count > 0)) 1 "one did it"
              Expect.hasLength (source.TakeCommands()) 80 "statements"
          })
      onBoth "promise 11: a purge that is cancelled on the way leaves what went, and counts it" (fun sql ->
          task {
              use cancelled = new CancellationTokenSource()
              use inner = sql.Open()
              do! fill sql inner 1 200
              let opened = ref 0

              use source =
                  new WatchedDataSource(
                      inner,
                      (fun _ ->
                          if Interlocked.Increment opened = 4 then
                              cancelled.Cancel())
                  )

              let driver = SqlDriver.createWith { sql.Options with PurgeBatch = 10 } source
              let! purged = driver.PurgeExpired cancelled.Token
              Expect.isGreaterThanOrEqual purged 30 "the batches until then"
              Expect.isLessThanOrEqual purged 40 "no more"
              let! left = rows sql
              Expect.equal (left + purged) 200 "each is counted"
              let! e = failure (fun () -> (driver.PurgeExpired cancelled.Token).AsTask())
              Expect.isTrue (e :? OperationCanceledException) "one that never began"
              let! rest = driver.PurgeExpired none
              Expect.equal rest left "the rest"
          })
      onBoth "promise 11: a caller of purgeExpired hears what went wrong" (fun sql ->
          task {
              use registry = registry sql.Clock (sql.Driver())
              use source = sql.Open()
              do! execute source $"DROP TABLE \"{sql.Options.Table}\""
              let! e = failure (fun () -> SessionRegistry.purgeExpired none registry)

              match e with
              | :? SessionStoreException as e ->
                  Expect.stringContains e.Message "\"sql\"" "the driver"
                  Expect.stringContains (nonNull e.InnerException).Message sql.Options.Table "the cause"
                  Expect.isFalse e.MayHaveBeenSaved "nothing was to be saved"
              | e -> failtest $"{e.GetType()}"
          }) ]

/// What PostgreSQL would do, as text.
let private plan (source: DbDataSource) (statement: string) : Task<string> =
    task {
        let values =
            [ "@from", "'0'"
              "@now", "1000000"
              "@scope", "'shop/web'"
              "@epochs", "'%epoch'"
              "@owner", "'owner7'"
              "@most", "101"
              "@keys", "ARRAY['bulk7', 'bulk8']" ]

        let literal =
            values
            |> List.fold (fun (text: string) (name, value) -> Regex.Replace(text, name + @"\b", value)) statement

        use command = source.CreateCommand("EXPLAIN " + literal)
        use! reader = command.ExecuteReaderAsync()

        return
            [ while reader.Read() do
                  reader.GetString 0 ]
            |> String.concat "\n"
    }

let private plans =
    let table (sql: SqlUnderTest) = sql.Options.Table

    let walksIndexes (sql: SqlUnderTest) source what =
        task {
            let statements =
                SqlStatements.make SqlDialect.PostgreSql (SqlTable.parse SqlDialect.PostgreSql (table sql))

            let expected =
                [ statements.Purge 50, [ "Index Scan using {0}_ends_at"; "{0}_pkey" ]
                  statements.DeleteAll 50, [ "Index Scan using {0}_owner"; "{0}_pkey" ]
                  statements.DeleteMany 2, [ "{0}_pkey" ]
                  statements.List, [ "Index Scan using {0}_owner" ] ]

            for statement, indexes in expected do
                let! plan = plan source statement
                Expect.isFalse (plan.Contains "Seq Scan") $"{what}\n{plan}"

                for index in indexes do
                    Expect.stringContains plan (String.Format(index, table sql)) what
        }

    [ testTask
          "promise 11: PostgreSQL's plans walk the right indexes, also right after a bulk insert and by old statistics" {
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          use source = sql.Open()
          do! execute source $"ALTER TABLE \"{table sql}\" SET (autovacuum_enabled = false)"
          do! fill sql source 1 20_000
          do! walksIndexes sql source "never analyzed"
          do! execute source $"ANALYZE \"{table sql}\""
          do! walksIndexes sql source "analyzed"
      }
      testTask "promise 11: statistics from before a bulk insert do not slow a purge down" {
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())
          use source = sql.Open()
          do! execute source $"ALTER TABLE \"{table sql}\" SET (autovacuum_enabled = false)"
          // By these nothing has expired: the index of ends_at seems to lead to the row at once.
          do! fill sql source 10_000_000 200
          do! execute source $"ANALYZE \"{table sql}\""
          do! fill sql source 1 20_000
          do! walksIndexes sql source "old statistics"
      } ]

[<Tests>]
let tests =
    testList "Sql: purges" [ testList "batches" batches; testList "turns" turns; testList "plans" plans ]
