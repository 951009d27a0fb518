module Runa.Session.Tests.SqlDriverTests

open System
open System.Data.Common
open System.Text
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.Tests.SqlUnderTest
open Runa.Session.Tests.SqlRegistry

let private source () = sqliteFile (newFile ()) ""

[<Tests>]
let tests =
    testList
        "SqlDriver"
        [ test "it swaps, lists by owner, and is not in process" {
              use source = source ()
              let driver = SqlDriver.create source
              Expect.equal driver.Guarantee DriverGuarantee.CompareAndSwap "guarantee"
              Expect.isTrue driver.Owners.IsSome "owners"
              Expect.isFalse driver.Place.IsProcess "in process"
          }
          test "options out of range are named, with what is allowed" {
              use source = source ()

              let refused (options: SqlDriverOptions) (name: string) (allowed: string) =
                  let e = Expect.throwsC (fun () -> SqlDriver.createWith options source |> ignore) id
                  Expect.isTrue (e :? ArgumentException) "its type"
                  Expect.stringContains e.Message name "name"
                  Expect.stringContains e.Message allowed "allowed"

              for rows in [ 0; -1; 10_001 ] do
                  refused { SqlDriver.defaults with PurgeBatch = rows } "PurgeBatch" "from 1 to 10,000"

              for seconds in [ 0.; -1.; 61. ] do
                  refused
                      { SqlDriver.defaults with BusyTimeout = TimeSpan.FromSeconds seconds }
                      "BusyTimeout"
                      "at most a minute"

              refused { SqlDriver.defaults with Table = "a b" } "Table = \"a b\"" "A-Z"
          }
          testTask "the data source of the services serves the registry, with the services' clock" {
              let! (sql: SqlUnderTest) = withSchema (bareSqlite ())
              let services = ServiceCollection()
              services.AddSingleton<DbDataSource>(sql.Open()) |> ignore
              services.AddSingleton<TimeProvider> sql.Clock |> ignore
              use provider = services.BuildServiceProvider()

              let driver = SqlDriver.fromServicesWith { sql.Options with TimeProvider = TimeProvider.System } provider

              let key = newKey ()
              let! _ = driver.Create key (record 1L) none
              sql.Clock.Advance(TimeSpan.FromHours 1. + margin)
              let! (purged: int) = driver.PurgeExpired none
              Expect.equal purged 1 "expired by the clock of the services"
          }
          test "a setup takes it from the services by its name" {
              let services = ServiceCollection()
              services.AddSingleton<DbDataSource>(source ()) |> ignore
              use provider = services.BuildServiceProvider()
              let make: IServiceProvider -> SessionDriver = SqlDriver.fromServices
              Expect.equal (make provider).Name "sql" "name"
          }
          test "services without a data source are told what to register" {
              use provider = ServiceCollection().BuildServiceProvider()
              let e = Expect.throwsC (fun () -> SqlDriver.fromServices provider |> ignore) id
              Expect.isTrue (e :? SessionConfigurationException) "its type"
              Expect.stringContains e.Message "DbDataSource" "what"
              Expect.stringContains e.Message "AddNpgsqlDataSource" "how"
          }
          onBoth "promise 1, 5: the table holds no token and no id" (fun sql ->
              task {
                  use registry = registry sql.Clock (sql.Driver())
                  let! cookie = start (Session.set count 1 >> Session.signIn "ann") registry
                  use source = sql.Open()
                  let! dumped = SqlConformanceTests.dump source sql.Options.Table
                  let dumped = Encoding.UTF8.GetString dumped
                  Expect.stringContains dumped "ann" "the dump is of this session"
                  let token = cookie.Substring(cookie.IndexOf '=' + 1)
                  let parts = [ for i in 0 .. token.Length - 12 -> token.Substring(i, 12) ]
                  Expect.all parts (fun part -> not (dumped.Contains part)) "no part of the token"
              })
          onBoth "promise 12: two processes count to exactly what both added" (fun sql ->
              task {
                  use one = registry sql.Clock (sql.Driver())
                  use two = registry sql.Clock (sql.Driver())
                  let! cookie = start (Session.set count 0) one

                  let! _ =
                      Task.WhenAll
                          [ for i in 1..400 do
                                Task.Run<Committed>(fun () -> increment cookie (if i % 2 = 0 then one else two)) ]

                  let! total = counted cookie one
                  Expect.equal total (Some 400) "increments"
              })
          onBoth "promise 27: a sign-in is listed and ended in the other process" (fun sql ->
              task {
                  use one = registry sql.Clock (sql.Driver())
                  use two = registry sql.Clock (sql.Driver())
                  let! cookie = start (Session.signIn "ann" >> Session.set count 1) one
                  let! listed = SessionRegistry.forOwner "web" "ann" none two
                  Expect.hasLength listed 1 "listed"
                  let! ended = SessionRegistry.revokeOwner "web" "ann" none two
                  Expect.equal ended 1 "ended"
                  let! found = counted cookie one
                  Expect.equal found None "loaded"
              }) ]
