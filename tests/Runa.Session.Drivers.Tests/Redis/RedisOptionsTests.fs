module Runa.Session.Tests.RedisOptionsTests

open System
open Expecto
open Expecto.Flip
open Microsoft.Extensions.DependencyInjection
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

[<Tests>]
let tests =
    testList
        "RedisDriver options"
        [ redisTest "two applications on one server, apart by their prefix, do not see each other's sessions" (fun () ->
              task {
                  let! one = corner RedisScripting.Auto
                  let! two = corner RedisScripting.Auto
                  let key = newKey ()
                  let mine = record one.Clock |> ofOwner "alice"
                  let! _ = one.Driver.Create key mine none
                  let! loaded = two.Driver.Load key none
                  let! removed = two.Driver.Delete key none
                  let! listed = two.Owners.List mine.Scope "alice" None none
                  let! deleted = two.Owners.DeleteAll mine.Scope none
                  let! still = one.Driver.Load key none
                  (loaded, removed) |> Expect.equal "nothing" (ValueNone, ValueNone)
                  listed.Items |> Expect.isEmpty "listed"
                  deleted |> Expect.equal "deleted" 0
                  still |> Expect.equal "still there" (ValueSome mine)
              })

          redisTest "another database of the same server is another store" (fun () ->
              task {
                  let! corner = corner RedisScripting.Auto
                  let there = { options corner.Prefix corner.Clock with Database = 3 }
                  let elsewhere = RedisDriver.createWith there corner.Connection
                  let key = newKey ()
                  let! _ = corner.Driver.Create key (record corner.Clock) none
                  let! loaded = elsewhere.Load key none
                  let! _ = elsewhere.Create key (record corner.Clock) none
                  let! deleted = (ownersOf elsewhere).DeleteAll "tests/web" none
                  let! still = corner.Driver.Load key none
                  loaded |> Expect.equal "loaded there" ValueNone
                  deleted |> Expect.equal "deleted there" 1
                  still.IsSome |> Expect.isTrue "still here"
              })

          testCase "impossible options are refused, by name"
          <| fun () ->
              use connection = ConnectionMultiplexer.Connect "127.0.0.1:1,abortConnect=false,connectTimeout=100"

              for options, name in
                  [ { RedisDriver.defaults with Database = -2 }, "Database"
                    { RedisDriver.defaults with Prefix = "a\ud800" }, "Prefix" ] do
                  (fun () -> RedisDriver.createWith options connection |> ignore)
                  |> Expect.throwsC (fun error -> error.Message |> Expect.stringContains "names it" name)

          testCase "promise 23: without a connection among the services, the error says what to register"
          <| fun () ->
              use services = ServiceCollection().BuildServiceProvider()

              (fun () -> RedisDriver.fromServices services |> ignore)
              |> Expect.throwsC (fun error ->
                  error.Message |> Expect.stringContains "what to register" "AddSingleton<IConnectionMultiplexer>")

          redisTest
              "from the host's services come the connection and the clock, and the connection stays open"
              (fun () ->
                  task {
                      let! connection = sharedConnection ()
                      let clock = clock ()

                      use services =
                          ServiceCollection()
                              .AddSingleton<IConnectionMultiplexer>(connection)
                              .AddSingleton<TimeProvider>(clock)
                              .BuildServiceProvider()

                      let driver = RedisDriver.fromServices services
                      let key = newKey ()
                      let! _ = driver.Create key (record clock) none
                      clock.Advance(TimeSpan.FromHours 2.)
                      let! touched = driver.Touch key (clock.GetUtcNow().AddHours 1.) none
                      let! _ = driver.Delete key none
                      do! driver.Dispose()
                      touched |> Expect.isFalse "expired by that clock"
                      connection.IsConnected |> Expect.isTrue "connected"
                  }) ]
