module Runa.Session.Tests.SqlUnreadableTests

open System
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.TestSupport
open Runa.Session.Tests.SqlUnderTest

let private owners (driver: SessionDriver) = driver.Owners.Value

let private texts (keys: StoreKey list) = keys |> List.map StoreKey.toText |> List.sort

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
let tests = testList "Sql: owners" [ testList "unreadable" unreadable ]
