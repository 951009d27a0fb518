module Runa.Session.Tests.SqlSweepTests

open System
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.SqlUnderTest

let private owners (driver: SessionDriver) = driver.Owners.Value

[<Tests>]
let tests =
    testList
        "SqlSweep"
        [ onBoth "promise 27: an owner's records are listed in pages, each record once" (fun sql ->
              task {
                  let driver = sql.Driver()
                  let! keys = createMany driver 205 (record >> ownedBy "ann")
                  let! _ = createMany driver 3 (record >> ownedBy "bob")
                  let! first = (owners driver).List "shop/web" "ann" None none
                  let! second = (owners driver).List "shop/web" "ann" first.Next none
                  let! third = (owners driver).List "shop/web" "ann" second.Next none
                  let pages = [ first; second; third ]
                  Expect.equal (pages |> List.map _.Items.Length) [ 100; 100; 5 ] "sizes"
                  Expect.equal third.Next None "the last page"

                  Expect.equal
                      (pages |> List.collect _.Items |> List.map (_.Key >> StoreKey.toText))
                      (keys |> List.map StoreKey.toText |> List.sortWith (fun a b -> String.CompareOrdinal(a, b)))
                      "keys, in their order"
              })
          onBoth
              "promise 28: what has ended is listed, since it may live by the clock of another node; so is a tombstone"
              (fun sql ->
                  task {
                      let driver = sql.Driver()
                      let! ended = createMany driver 1 (record >> ownedBy "ann" >> idleUntil 5.)

                      let! moved =
                          createMany driver 1 (fun i ->
                              { ownedBy "ann" (record i) with Kind = RecordKind.Moved(newKey ()) })

                      sql.Clock.Advance(TimeSpan.FromMinutes 5. + margin)
                      let! page = (owners driver).List "shop/web" "ann" None none

                      Expect.containsAll (ended @ moved) (page.Items |> List.map _.Key) "listed"
                      Expect.hasLength page.Items 2 "both"
                  })
          onBoth
              "an epoch changes with each Advance of the owner and each DeleteAll of the scope, and with no other"
              (fun sql ->
                  task {
                      let driver = sql.Driver()
                      let epoch () =
                          task {
                              let! epoch = (owners driver).Epoch "shop/web" "ann" none
                              return epoch.Number
                          }

                      let! first = epoch ()
                      do! (owners driver).Advance "shop/web" "bob" none
                      do! (owners driver).Advance "shop/admin" "ann" none
                      let! _ = (owners driver).DeleteAll "shop/admin" none
                      let! same = epoch ()
                      Expect.equal same first "others"
                      do! (owners driver).Advance "shop/web" "ann" none
                      let! second = epoch ()
                      do! (owners driver).Advance "shop/web" "ann" none
                      let! third = epoch ()
                      let! _ = (owners driver).DeleteAll "shop/web" none
                      let! fourth = epoch ()
                      Expect.hasLength (List.distinct [ first; second; third; fourth ]) 4 "all different"
                  })
          onBoth "promise 27: DeleteAll deletes all of the scope in batches, and counts the live ones" (fun sql ->
              task {
                  let options = { sql.Options with PurgeBatch = 10 }
                  use source = sql.Open()
                  let driver = SqlDriver.createWith options source
                  let! _ = createMany driver 25 record
                  let! _ = createMany driver 10 (record >> ownedBy "ann")
                  let! _ = createMany driver 3 (record >> idleUntil 5.)

                  let! _ = createMany driver 2 (fun i -> { record i with Kind = RecordKind.Moved(newKey ()) })

                  let! others = createMany driver 2 (fun i -> { record i with Scope = "shop/admin" })
                  sql.Clock.Advance(TimeSpan.FromMinutes 5.)
                  let! deleted = (owners driver).DeleteAll "shop/web" none
                  Expect.equal deleted 35 "the live ones"
                  let! left = rows sql
                  Expect.equal left (others.Length + 1) "another scope's rows, and the epoch"
              })
          testTask
              "promise 9, 27: on PostgreSQL a session that changes its id while DeleteAll waits for another row ends too" {
              let! (sql: SqlUnderTest) = withSchema (barePostgres ())
              use source = sql.Open()
              let driver = SqlDriver.createWith sql.Options source
              let held, moving, successor = newKey (), newKey (), newKey ()
              let! _ = driver.Create held (record 1L |> ownedBy "ann") none
              let! _ = driver.Create moving (record 2L |> ownedBy "bob") none
              use! (connection: Data.Common.DbConnection) = source.OpenConnectionAsync()
              use! (transaction: Data.Common.DbTransaction) = connection.BeginTransactionAsync()
              use holding = connection.CreateCommand()
              holding.CommandText <-
                  $"SELECT key FROM \"{sql.Options.Table}\" WHERE key = '{StoreKey.toText held}' FOR UPDATE"
              let! _ = holding.ExecuteScalarAsync()
              let deleting = (owners driver).DeleteAll "shop/web" none
              let mutable isWaiting = false

              while not isWaiting do
                  let! (waiting: objnull) = scalar source "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"
                  isWaiting <- Convert.ToInt32 waiting > 0

              // After the statement's snapshot: the successor, then the tombstone.
              let! _ = driver.Create successor (record 3L |> ownedBy "bob") none
              let tombstone = { record 4L with Kind = RecordKind.Moved successor } |> ownedBy "bob"
              let! replaced = driver.Replace moving (version 2L) tombstone none
              Expect.equal replaced ReplaceResult.Replaced "it has moved"
              do! transaction.CommitAsync()
              let! _ = deleting
              let! left = driver.Load successor none
              Expect.equal left ValueNone "it has ended where it went"
          }
          onBoth "promise 11: expired records are purged in batches, and old epochs with them, uncounted" (fun sql ->
              task {
                  use inner = sql.Open()
                  use source = new WatchedDataSource(inner, ignore)
                  let driver = SqlDriver.createWith { sql.Options with PurgeBatch = 10 } source
                  let! _ = createMany driver 25 (record >> idleUntil 5.)
                  let! _ = createMany driver 4 record
                  do! (owners driver).Advance "shop/web" "ann" none
                  sql.Clock.Advance(TimeSpan.FromMinutes 5. + margin)
                  source.TakeCommands() |> ignore
                  let! purged = driver.PurgeExpired none
                  Expect.equal purged 25 "the expired ones"
                  Expect.hasLength (source.TakeCommands()) 3 "statements"
                  let! left = rows sql
                  Expect.equal left 5 "rows left, with the epoch"
                  sql.Clock.Advance(TimeSpan.FromDays 1. + margin)
                  let! purged = driver.PurgeExpired none
                  Expect.equal purged 4 "the rest"
                  let! left = rows sql
                  Expect.equal left 0 "and the epoch"
              })
          onBoth "purges and deletions of several processes at once do not get in each other's way" (fun sql ->
              task {
                  let drivers =
                      [ for _ in 1..3 -> SqlDriver.createWith { sql.Options with PurgeBatch = 7 } (sql.Open()) ]

                  let! _ = createMany drivers.Head 150 (record >> idleUntil 5.)
                  let! _ = createMany drivers.Head 50 record
                  sql.Clock.Advance(TimeSpan.FromMinutes 5. + margin)

                  let! purged =
                      Task.WhenAll
                          [ for driver in drivers do
                                Task.Run<int>(fun () -> (driver.PurgeExpired none).AsTask()) ]

                  Expect.equal (Array.sum purged) 150 "each counted once"

                  let! deleted =
                      Task.WhenAll
                          [ for driver in drivers do
                                Task.Run<int>(fun () -> ((owners driver).DeleteAll "shop/web" none).AsTask()) ]

                  Expect.equal (Array.sum deleted) 50 "each counted once"
              })
          onBoth "promise 11: the registry's timer purges without anybody's request" (fun sql ->
              task {
                  use source = sql.Open()
                  let driver = SqlDriver.createWith sql.Options source
                  let purges = ref 0
                  let purged = TaskCompletionSource<int>()

                  let told =
                      driver
                      |> SessionDriver.withPurge (fun token ->
                          ValueTask<int>(
                              task {
                                  let! count = driver.PurgeExpired token
                                  purges.Value <- purges.Value + 1

                                  if count > 0 then
                                      purged.TrySetResult count |> ignore

                                  return count
                              }
                          ))

                  let! _ = createMany driver 2 (record >> idleUntil 1.)

                  use _ =
                      SessionSetup.empty
                      |> SessionSetup.driver "memory" told
                      |> SessionSetup.secrets [ "0123456789abcdefghijklmnopqrstuvwxyz" ]
                      |> SessionSetup.application "shop"
                      |> SessionSetup.timeProvider sql.Clock
                      |> SessionRegistry.create

                  while not purged.Task.IsCompleted && purges.Value < 100 do
                      sql.Clock.Advance(TimeSpan.FromMinutes 1.)
                      do! Task.Yield()

                  let! count = purged.Task.WaitAsync(TimeSpan.FromSeconds 30.)
                  Expect.equal count 2 "purged"
                  let! left = rows sql
                  Expect.equal left 0 "rows left"
              }) ]
