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

/// Spoils the documents of a database, and what else of a row may be damaged.
let private damages (sql: SqlUnderTest) =
    [ "record = '{'"
      "record = ''"
      "record = REPLACE(record, '\"format\":1', '\"format\":2')"
      "record = REPLACE(record, '\"scope\"', '\"range\"')"
      "idle_expires_at = 9223372036854775807"
      if sql.Options.Dialect = Some SqlDialect.Sqlite then
          // 0xFF where the label began, which is no UTF-8.
          "record = REPLACE(record, '\"label\":\"F', CAST(x'226C6162656C223A22FF' AS TEXT))"
          "record = x'00'" ]

let private unreadable =
    [ onBoth
          "promise 17: a record that cannot be read is told, ends like any other, and keeps no other from ending"
          (fun sql ->
              task {
                  use source = sql.Open()

                  for damage in damages sql do
                      let driver = sql.Driver()
                      let labelled i =
                          let plain = record i |> ownedBy "ann"
                          { plain with State = { plain.State with Label = Some "Firefox" } }

                      let! spoilt = createMany driver 3 labelled
                      let list = spoilt |> List.map (fun key -> $"'{StoreKey.toText key}'") |> String.concat ", "
                      do! execute source $"UPDATE \"{sql.Options.Table}\" SET {damage} WHERE key IN ({list})"
                      let! whole = createMany driver 2 labelled
                      let key = spoilt.Head

                      let isUnreadable what (work: unit -> Task) =
                          task {
                              let! e = failure work
                              Expect.isTrue (e :? IO.InvalidDataException) $"{what} after {damage}: {e.GetType()}"
                          }

                      do! isUnreadable "load" (fun () -> (driver.Load key none).AsTask())
                      do!
                          isUnreadable "replace" (fun () ->
                              (driver.Replace key (version 77L) (record 9L) none).AsTask())
                      let! created = driver.Create key (record 9L) none
                      Expect.isFalse created "the key exists"
                      let! touched = driver.Touch key (now.AddMinutes 20.) none
                      Expect.isTrue touched "a touch does not look into the document"
                      let! page = (owners driver).List "shop/web" "ann" None none
                      Expect.equal (texts page.Unreadable) (texts spoilt) "listed as unreadable"
                      Expect.equal (page.Items |> List.map _.Key |> texts) (texts whole) "the others"
                      do! isUnreadable "delete" (fun () -> (driver.Delete key none).AsTask())
                      let! found = driver.Load key none
                      Expect.equal found ValueNone "it was removed"
                      let! removed = driver.DeleteMany (spoilt.Tail @ whole) none
                      let gone, readable = removed |> List.partition _.Record.IsNone
                      Expect.equal (gone |> List.map _.Key |> texts) (texts spoilt.Tail) "removed, unread"
                      Expect.equal (readable |> List.map _.Key |> texts) (texts whole) "removed"
              })
      onBoth "promise 17, 27: deleting all and purging go by the columns alone" (fun sql ->
          task {
              use source = sql.Open()
              let driver = sql.Driver()
              let! _ = createMany driver 3 (record >> idleUntil 5.)
              do! execute source $"UPDATE \"{sql.Options.Table}\" SET record = '{{'"
              sql.Clock.Advance(TimeSpan.FromMinutes 5. + margin)
              let! purged = driver.PurgeExpired none
              Expect.equal purged 3 "purged"
              let! _ = createMany driver 4 (record >> ownedBy "ann")
              do! execute source $"UPDATE \"{sql.Options.Table}\" SET record = '{{'"
              let! deleted = (owners driver).DeleteAll "shop/web" none
              Expect.equal deleted 4 "deleted"
          })
      onBoth "a record that cannot be read is replaced by whoever knows its version" (fun sql ->
          task {
              use source = sql.Open()
              let driver = sql.Driver()
              let! keys = createMany driver 1 record
              do! execute source $"UPDATE \"{sql.Options.Table}\" SET record = '{{'"
              let! replaced = driver.Replace keys.Head (version 0L) (record 5L) none
              Expect.equal replaced ReplaceResult.Replaced "replaced"
              let! found = driver.Load keys.Head none
              Expect.equal found (ValueSome(record 5L)) "readable again"
          })
      onBoth "a row whose key is none hides no other" (fun sql ->
          task {
              use source = sql.Open()
              let driver = sql.Driver()
              let! keys = createMany driver 205 (record >> ownedBy "ann")
              let first = keys |> List.map StoreKey.toText |> List.sort |> List.item 99
              do! execute source $"UPDATE \"{sql.Options.Table}\" SET key = key || '!' WHERE key = '{first}'"
              let mutable found = 0
              let mutable place = None
              let mutable isMore = true

              while isMore do
                  let! page = (owners driver).List "shop/web" "ann" place none
                  found <- found + page.Items.Length
                  place <- page.Next
                  isMore <- place.IsSome

              Expect.equal found 204 "the others"
          }) ]

[<Tests>]
let tests =
    testList
        "Sql: owners"
        [ testList "deletes many" many
          testList "epochs" epochs
          testList "clocks" skewed
          testList "unreadable" unreadable ]
