module Runa.Session.Tests.SqlStoreTests

open System
open System.Data.Common
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Tests.SqlUnderTest

let private rich: SessionRecord =
    let at minutes = now.AddMinutes(minutes).AddTicks 1L

    { Version = version Int64.MinValue
      Scope = "shop/web\000 Zoë 😀 'x' \"; --"
      State =
        { Values = Map [ "a", "1"; "empty", "\"\""; "nul", "\"\\u0000\""; "big", "\"" + String('é', 65_536) + "\"" ]
          Flashes = [ { Id = -1L; Key = "notice"; Json = "\"hi\"" } ]
          Owner = Some "zoë\000%\n😀'--"
          Claims = Map [ "role", [ "admin"; "" ] ]
          Label = Some "Firefox on Linux\000"
          Client = Some { Address = Some "::1"; Agent = Some "a\000" }
          Rotation = Some { Generation = 2; RotatedAt = at -4.; SeenAt = None }
          Device = Some(DeviceBinding.Offered "zoë\000")
          CreatedAt = at -10.
          SignedInAt = Some(at -5.)
          LastSeenAt = at 0.
          ExpiresAt = at 60. }
      IdleExpiresAt = ValueSome(at 30.)
      Kind = RecordKind.Live }

let private created (driver: SessionDriver) (record: SessionRecord) =
    task {
        let key = newKey ()
        let! isCreated = driver.Create key record none
        Expect.isTrue isCreated "created"
        return key
    }

let private reading =
    [ onBoth "promise 17: what is read equals what was written, to the tick, with NUL in owner and scope" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver rich
              let! found = driver.Load key none
              Expect.equal found (ValueSome rich) "loaded"
              let! page = driver.Owners.Value.List rich.Scope rich.State.Owner.Value None none
              Expect.equal page.Items [ { Key = key; Record = rich } ] "listed"
              let! deleted = driver.Delete key none
              Expect.equal deleted (ValueSome rich) "deleted"
          })
      onBoth "a tombstone and a sealed record are read as they were written" (fun sql ->
          task {
              let driver = sql.Driver()

              for kind in [ RecordKind.Moved(newKey ()); RecordKind.Sealed "c2VhbGVk" ] do
                  let written = { record 7L with Kind = kind }
                  let! key = created driver written
                  let! found = driver.Load key none
                  Expect.equal found (ValueSome written) "loaded"
          })
      onBoth "an owner longer than an index row is found, and no other" (fun sql ->
          task {
              let driver = sql.Driver()
              let long = String('é', 20_000)
              let! _ = created driver (ownedBy (long + "1") (record 1L))
              let! _ = created driver (ownedBy (long + "2") (record 2L))
              let! page = driver.Owners.Value.List "shop/web" (long + "2") None none
              Expect.equal (page.Items |> List.map _.Record.Version) [ version 2L ] "listed"
          })
      onBoth "a key that is there is not created again, and what stands there stays" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver (record 1L)
              let! isCreated = driver.Create key (record 2L) none
              Expect.isFalse isCreated "created again"
              let! found = driver.Load key none
              Expect.equal found (ValueSome(record 1L)) "loaded"
          }) ]

let private replacing =
    [ onBoth "a replace of another version conflicts with the record that stands there" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver (record 1L)
              let! replaced = driver.Replace key (version 1L) (record 2L) none
              Expect.equal replaced ReplaceResult.Replaced "the version read"
              let! conflict = driver.Replace key (version 1L) (record 3L) none
              Expect.equal conflict (ReplaceResult.Conflict(record 2L)) "an older one"
              let! missing = driver.Replace (newKey ()) (version 1L) (record 3L) none
              Expect.equal missing ReplaceResult.Missing "another key"
          })
      onBoth "promise 9: a replace or touch of what expired is Missing" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver (idleUntil 10. (record 1L))
              sql.Clock.Advance(TimeSpan.FromMinutes 10.)
              let! replaced = driver.Replace key (version 1L) (record 2L) none
              Expect.equal replaced ReplaceResult.Missing "replaced"
              let! isTouched = driver.Touch key (now.AddMinutes 20.) none
              Expect.isFalse isTouched "touched"
              let! isCreated = driver.Create key (record 2L) none
              Expect.isFalse isCreated "created over it"
              let! deleted = driver.Delete key none
              Expect.equal deleted (ValueSome(idleUntil 10. (record 1L))) "deleted, expired as it is"
          })
      onBoth "a replace moves a record from owner to owner in the index" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver (ownedBy "ann" (record 1L))
              let! _ = driver.Replace key (version 1L) (ownedBy "bob" (record 2L)) none
              let! anns = driver.Owners.Value.List "shop/web" "ann" None none
              let! bobs = driver.Owners.Value.List "shop/web" "bob" None none
              Expect.isEmpty anns.Items "the former owner's"
              Expect.hasLength bobs.Items 1 "the new one's"
          }) ]

let private touching =
    let touched (sql: SqlUnderTest) (before: SessionRecord) (minutes: float) =
        task {
            let driver = sql.Driver()
            let! key = created driver before
            let! isTouched = driver.Touch key (now.AddMinutes minutes) none
            Expect.isTrue isTouched "touched"
            let! found = driver.Load key none
            Expect.equal found (ValueSome(SessionRecord.touch (now.AddMinutes minutes) before)) "as every driver does"
            return found.Value.IdleExpiresAt
        }

    [ onBoth "a touch moves the idle end later, and nothing but when it was last seen" (fun sql ->
          task {
              let! idleExpiresAt = touched sql (idleUntil 10. (record 1L)) 20.
              Expect.equal idleExpiresAt (ValueSome(now.AddMinutes 20.)) "later"
          })
      onBoth "promise 7: a touch never moves the idle end backwards" (fun sql ->
          task {
              let! idleExpiresAt = touched sql (idleUntil 10. (record 1L)) 5.
              Expect.equal idleExpiresAt (ValueSome(now.AddMinutes 10.)) "as before"
          })
      onBoth "promise 7: nor past the absolute end" (fun sql ->
          task {
              let! idleExpiresAt = touched sql (idleUntil 10. (record 1L)) 500.
              Expect.equal idleExpiresAt (ValueSome(now.AddMinutes 60.)) "the absolute end"
          })
      onBoth "a touch gives an idle end to a record without one" (fun sql ->
          task {
              let! idleExpiresAt = touched sql (record 1L) 20.
              Expect.equal idleExpiresAt (ValueSome(now.AddMinutes 20.)) "has one"
          })
      onBoth "a touched record lives on past its first idle end, and ends at the new one" (fun sql ->
          task {
              let driver = sql.Driver()
              let! key = created driver (idleUntil 10. (record 1L))
              let! _ = driver.Touch key (now.AddMinutes 20.) none
              sql.Clock.Advance(TimeSpan.FromMinutes 15.)
              let! purged = driver.PurgeExpired none
              Expect.equal purged 0 "not purged"
              let! replaced = driver.Replace key (version 1L) (idleUntil 25. (record 2L)) none
              Expect.equal replaced ReplaceResult.Replaced "the touch left the version"
              sql.Clock.Advance(TimeSpan.FromMinutes 10. + margin)
              let! purged = driver.PurgeExpired none
              Expect.equal purged 1 "purged"
          })
      onBoth "promise 9: a touch creates nothing" (fun sql ->
          task {
              let driver = sql.Driver()
              let key = newKey ()
              let! isTouched = driver.Touch key (now.AddMinutes 20.) none
              Expect.isFalse isTouched "touched"
              let! found = driver.Load key none
              Expect.equal found ValueNone "loaded"
          }) ]

/// The driver over a source that counts; it gives back every connection, and what it sent for each call.
let private sent (sql: SqlUnderTest) (work: SessionDriver -> Task<unit>) =
    task {
        use inner = sql.Open()
        use source = new WatchedDataSource(inner, ignore)
        do! work (SqlDriver.createWith sql.Options source)
        Expect.equal source.OpenNow 0 "every connection was given back"
        return source.TakeCommands()
    }

let private counting =
    [ onBoth "one statement to read, two for a change, three for one that conflicts" (fun sql ->
          task {
              let! key = created (sql.Driver()) (record 1L)

              let! read =
                  sent sql (fun driver ->
                      task {
                          let! _ = driver.Load key none
                          return ()
                      })

              Expect.hasLength read 1 "a read"

              let! change =
                  sent sql (fun driver ->
                      task {
                          let! _ = driver.Load key none
                          let! replaced = driver.Replace key (version 1L) (record 2L) none
                          Expect.equal replaced ReplaceResult.Replaced "replaced"
                      })

              Expect.hasLength change 2 "a change"

              let! conflict =
                  sent sql (fun driver ->
                      task {
                          let! _ = driver.Load key none
                          let! _ = driver.Replace key (version 1L) (record 3L) none
                          return ()
                      })

              Expect.hasLength conflict 3 "a conflict"
          })
      onBoth "every other call is one statement" (fun sql ->
          task {
              let calls: (SessionDriver -> Task) list =
                  [ fun driver -> (driver.Create (newKey ()) (record 1L) none).AsTask()
                    fun driver -> (driver.Touch (newKey ()) now none).AsTask()
                    fun driver -> (driver.Delete (newKey ()) none).AsTask()
                    fun driver -> (driver.Owners.Value.List "shop/web" "ann" None none).AsTask()
                    fun driver -> (driver.Owners.Value.Epoch "shop/web" "ann" none).AsTask()
                    fun driver -> (driver.Owners.Value.Advance "shop/web" "ann" none).AsTask()
                    fun driver -> (driver.PurgeExpired none).AsTask()
                    fun driver -> (driver.Ping none).AsTask() ]

              for call in calls do
                  let! commands = sent sql (fun driver -> task { do! call driver })
                  Expect.hasLength commands 1 "commands"
          })
      testTask "PostgreSQL's own log shows one statement for a read and two for a change" {
          let application = "counted" + Guid.NewGuid().ToString "N"
          let! (sql: SqlUnderTest) = withSchema (barePostgres ())

          let text = SharedPostgres.get().ConnectionString application + ";Options=-c log_statement=all"

          use source = Npgsql.NpgsqlDataSource.Create text
          let driver = SqlDriver.createWith sql.Options source
          let! (key: StoreKey) = created (sql.Driver()) (record 1L)
          let! _ = driver.Load key none
          let! _ = driver.Load key none
          let! _ = driver.Replace key (version 1L) (record 2L) none

          let logged = SharedPostgres.get().Log application |> List.filter _.Contains(sql.Options.Table)

          Expect.hasLength logged 3 "statements: a read, then a read and a write"
      } ]

[<Tests>]
let tests =
    testList
        "SqlStore"
        [ testList "reads and creates" reading
          testList "replaces" replacing
          testList "touches" touching
          testList "statements" counting ]
