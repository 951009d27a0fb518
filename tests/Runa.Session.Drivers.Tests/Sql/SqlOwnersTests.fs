module Runa.Session.Tests.SqlOwnersTests

open System
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.SqlUnderTest

let private owners (driver: SessionDriver) = driver.Owners.Value

let private texts (keys: StoreKey list) = keys |> List.map StoreKey.toText |> List.sort

let private many =
    [ onBoth "promise 27: a hundred records end in one statement, which tells what it removed" (fun sql ->
          task {
              use inner = sql.Open()
              use source = new WatchedDataSource(inner, ignore)
              let driver = SqlDriver.createWith sql.Options source
              let! keys = createMany driver 98 (record >> ownedBy "ann")
              let! others = createMany driver 2 (record >> ownedBy "ann")
              source.TakeCommands() |> ignore
              let! removed = driver.DeleteMany (newKey () :: newKey () :: keys) none
              Expect.hasLength (source.TakeCommands()) 1 "statements"
              Expect.equal (removed |> List.map _.Key |> texts) (texts keys) "what was there"

              for i, key in List.indexed keys do
                  let one = removed |> List.find (fun one -> one.Key = key)
                  Expect.equal one.Record (ValueSome(record (int64 i) |> ownedBy "ann")) "the record"

              let! page = (owners driver).List "shop/web" "ann" None none
              Expect.equal (page.Items |> List.map _.Key |> texts) (texts others) "the others live"
              let! again = driver.DeleteMany keys none
              Expect.isEmpty again "once"
          })
      onBoth "no keys, no statement" (fun sql ->
          task {
              use inner = sql.Open()
              use source = new WatchedDataSource(inner, ignore)
              let! removed = (SqlDriver.createWith sql.Options source).DeleteMany [] none
              Expect.isEmpty removed "removed"
              Expect.isEmpty (source.TakeCommands()) "statements"
          })
      onBoth
          "promise 27: those who end the same sessions at once, in whatever order, all succeed, and each ends once"
          (fun sql ->
              task {
                  let drivers = [ for _ in 1..4 -> sql.Driver() ]
                  let random = Random 5

                  for _ in 1..10 do
                      let! anns = createMany drivers.Head 20 (record >> ownedBy "ann")
                      let! bobs = createMany drivers.Head 20 (record >> ownedBy "bob")
                      let keys = Array.ofList (anns @ bobs)

                      let orders =
                          [ for driver in drivers ->
                                random.Shuffle keys
                                driver, List.ofArray keys ]

                      let! removed =
                          Task.WhenAll
                              [ for driver, keys in orders do
                                    Task.Run<int>(fun () ->
                                        task {
                                            let! removed = driver.DeleteMany keys none
                                            return removed.Length
                                        })

                                Task.Run<int>(fun () -> ((owners drivers.Head).DeleteAll "shop/web" none).AsTask()) ]

                      Expect.equal (Array.sum removed) 40 "each once"
              }) ]

let private epoch (driver: SessionDriver) : Task<OwnerEpoch> = ((owners driver).Epoch "shop/web" "ann" none).AsTask()

let private epochs =
    [ onBoth
          "promise 27: how long ago a revocation was is told by a clock that the application cannot set, in every process"
          (fun sql ->
              task {
                  let one, two = sql.Driver(), sql.Driver()
                  let! never = epoch one
                  Expect.equal never.Age TimeSpan.MaxValue "never"

                  let revocations: (SessionDriver -> Task) list =
                      [ fun driver -> ((owners driver).Advance "shop/web" "ann" none).AsTask()
                        fun driver -> ((owners driver).DeleteAll "shop/web" none).AsTask() ]

                  for revoke in revocations do
                      let before = Diagnostics.Stopwatch.GetTimestamp()
                      do! revoke one
                      sql.Clock.Advance(TimeSpan.FromHours 1.)

                      for driver in [ one; two ] do
                          let! epoch = epoch driver
                          Expect.isGreaterThanOrEqual epoch.Age TimeSpan.Zero "not before it was"

                          Expect.isLessThanOrEqual
                              epoch.Age
                              (Diagnostics.Stopwatch.GetElapsedTime before + TimeSpan.FromMilliseconds 5.)
                              "not earlier than it was"
              })
      onBoth "promise 27: a revocation is older than what is read after it, in the process that made it" (fun sql ->
          task {
              let driver = sql.Driver()

              for _ in 1..20 do
                  do! (owners driver).Advance "shop/web" "ann" none
                  // The sign-in of whoever loads the session now is good.
                  let loaded = Diagnostics.Stopwatch.GetTimestamp()
                  let! epoch = epoch driver
                  let sinceLoad = Diagnostics.Stopwatch.GetElapsedTime loaded
                  let! later = ((owners driver).Epoch "shop/web" "ann" none).AsTask()
                  Expect.isGreaterThanOrEqual later.Age sinceLoad "older than the load"
                  Expect.isGreaterThan later.Age epoch.Age "it grows"
          })
      onBoth "a database clock that was set back tells nothing of the age, and locks nobody out" (fun sql ->
          task {
              use source = sql.Open()
              let driver = sql.Driver()
              do! (owners driver).Advance "shop/web" "ann" none
              let table = sql.Options.Table
              do! execute source $"UPDATE \"{table}\" SET advanced_at = advanced_at + 108000000000"
              let! told = epoch (sql.Driver())
              Expect.equal told.Age TimeSpan.MaxValue "three hours in the future"
              let! own = epoch driver
              Expect.isLessThan own.Age (TimeSpan.FromMinutes 1.) "the process that made it knows"
              do! execute source $"UPDATE \"{table}\" SET advanced_at = NULL"
              let! told = epoch (sql.Driver())
              Expect.equal told.Age TimeSpan.MaxValue "nobody knows"
              Expect.notEqual told.Number 0L "but that there was one"
          })
      onBoth
          "promise 28: an epoch outlives the purge of a node whose clock is ahead, and an advance by one that is behind"
          (fun sql ->
              task {
                  let clockAhead = SkewedClock(sql.Clock, TimeSpan.FromMinutes 4.)
                  let clockBehind = SkewedClock(sql.Clock, TimeSpan.FromMinutes -4.)
                  let at clock = SqlDriver.createWith { sql.Options with TimeProvider = clock } (sql.Open())
                  let ahead, here, behind = at clockAhead, at sql.Clock, at clockBehind
                  do! (owners here).Advance "shop/web" "ann" none
                  do! (owners behind).Advance "shop/web" "ann" none
                  let! before = epoch here
                  sql.Clock.Advance(TimeSpan.FromDays 1. - TimeSpan.FromMinutes 1.)
                  let! _ = ahead.PurgeExpired none
                  let! after = epoch here
                  Expect.equal after.Number before.Number "it is there still"
              }) ]

let private skewed =
    let at (sql: SqlUnderTest) clock = SqlDriver.createWith { sql.Options with TimeProvider = clock } (sql.Open())

    [ onBoth "promise 28: a node whose clock is five minutes ahead deletes nothing that lives for others" (fun sql ->
          task {
              let here = sql.Driver()
              let ahead = at sql (SkewedClock(sql.Clock, margin))
              let! keys = createMany here 3 (record >> ownedBy "ann" >> idleUntil 5.)
              sql.Clock.Advance(TimeSpan.FromMinutes 5. - TimeSpan.FromTicks 1L)
              let! purged = ahead.PurgeExpired none
              Expect.equal purged 0 "purged"
              let! touched = here.Touch keys.Head (now.AddMinutes 20.) none
              Expect.isTrue touched "it lives"
              let! page = (owners ahead).List "shop/web" "ann" None none
              Expect.hasLength page.Items 3 "and is listed there, for an ending to find it"
          })
      onBoth "promise 28: a clock that jumps three hours ahead and back deletes nobody's idle session" (fun sql ->
          task {
              let clock = SkewedClock(sql.Clock, TimeSpan.Zero)
              let driver = at sql clock
              let! keys = createMany driver 3 (record >> ownedBy "ann" >> idleUntil 5.)
              clock.Skew <- TimeSpan.FromHours 3.
              let! purged = driver.PurgeExpired none
              Expect.equal purged 0 "purged"
              let! page = (owners driver).List "shop/web" "ann" None none
              Expect.hasLength page.Items 3 "an ending finds them meanwhile"
              clock.Skew <- TimeSpan.Zero

              for i, key in List.indexed keys do
                  let! replaced = driver.Replace key (version (int64 i)) (record 9L) none
                  Expect.equal replaced ReplaceResult.Replaced "they live"
          })
      onBoth "promise 11: what has ended by the clocks of all nodes goes, to the tick" (fun sql ->
          task {
              let driver = sql.Driver()
              let! _ = createMany driver 3 (record >> idleUntil 5.)
              sql.Clock.Advance(TimeSpan.FromMinutes 5. + margin - TimeSpan.FromTicks 1L)
              let! early = driver.PurgeExpired none
              Expect.equal early 0 "not yet"
              sql.Clock.Advance(TimeSpan.FromTicks 1L)
              let! purged = driver.PurgeExpired none
              Expect.equal purged 3 "now"
          }) ]

[<Tests>]
let tests =
    testList "Sql: owners" [ testList "deletes many" many; testList "epochs" epochs; testList "clocks" skewed ]
