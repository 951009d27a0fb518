/// The driver cache on the framework's Redis cache, over a real server.
module Runa.Session.Tests.CacheOnRedisTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Caching.StackExchangeRedis
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open Runa.Session.Tests.RedisServers

let private none = CancellationToken.None
let private counter = SessionKey.create<int> "count"

/// An application's own way: the cache is registered, the configuration says "cache".
let private hosted (server: RedisServer) (instance: string) : ServiceProvider =
    let services = ServiceCollection()

    services.AddStackExchangeRedisCache(fun (options: RedisCacheOptions) ->
        options.Configuration <- $"{server.Address},connectTimeout=1000,syncTimeout=1000,asyncTimeout=1000"
        options.InstanceName <- instance)
    |> ignore

    services.AddRunaSession(fun setup ->
        setup
        |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
        |> SessionSetup.session "web" (fun o -> { o with Driver = "cache" }))
    |> ignore

    services.BuildServiceProvider()

let private update registry cookie change =
    task {
        let! session = SessionRegistry.load "web" cookie none registry
        return! SessionRegistry.commit (change session) none registry
    }

let private cookieOf (committed: Committed) = Some((List.exactlyOne committed.Cookies).Split(';')[0])

/// The client connects again by itself.
let rec private untilBack (registry: SessionRegistry) (cookie: string option) (tries: int) : Task<Session> =
    task {
        try
            return! SessionRegistry.load "web" cookie none registry
        with :? SessionStoreException when tries > 0 ->
            do! Task.Delay 50
            return! untilBack registry cookie (tries - 1)
    }

[<Tests>]
let tests =
    testList
        "cache on Redis"
        [ redisTest
              "promise 11, 17: a session is stored and found, and Redis lets it go six minutes after its end"
              (fun () ->
                  task {
                      let! server = sharedServer ()
                      let prefix = freshPrefix ()
                      use services = hosted server prefix
                      let registry = services.GetRequiredService<SessionRegistry>()
                      let! committed = update registry None (Session.set counter 7)
                      let! session = SessionRegistry.load "web" (cookieOf committed) none registry
                      Session.tryGet counter session |> Expect.equal "found" (Some 7)
                      let! connection = sharedConnection ()

                      let key =
                          (Array.head (connection.GetServers()))
                              .Keys(pattern = StackExchange.Redis.RedisValue $"{prefix}*")
                          |> Seq.exactlyOne

                      string key |> Expect.stringStarts "key" (prefix + "runa:")
                      let! rest = connection.GetDatabase().KeyTimeToLiveAsync key
                      let minutes = rest.Value.TotalMinutes
                      (minutes > 124. && minutes <= 126.) |> Expect.isTrue $"{minutes} minutes"
                  })

          redisTest "promise 12: 200 steps at once in one process, and none is lost" (fun () ->
              task {
                  let! server = sharedServer ()
                  use services = hosted server (freshPrefix ())
                  let registry = services.GetRequiredService<SessionRegistry>()
                  let! committed = update registry None (Session.set counter 0)
                  let cookie = cookieOf committed

                  let! _ =
                      Task.WhenAll
                          [ for _ in 1..200 ->
                                SessionRegistry.update "web" cookie (Session.update counter 0 ((+) 1)) none registry ]

                  let! session = SessionRegistry.load "web" cookie none registry
                  Session.getOr counter 0 session |> Expect.equal "sum" 200
              })

          redisTest
              "promise 14, 25: a server that is killed and comes back fails requests meanwhile, and serves sessions again"
              (fun () ->
                  task {
                      use! server = RedisServer.Start [ "--appendonly"; "yes"; "--appendfsync"; "always" ]
                      use services = hosted server (freshPrefix ())
                      let registry = services.GetRequiredService<SessionRegistry>()
                      let! committed = update registry None (Session.set counter 7)
                      let cookie = cookieOf committed
                      server.Kill()

                      let! isDown =
                          task {
                              try
                                  let! _ = SessionRegistry.load "web" cookie none registry
                                  return false
                              with :? SessionStoreException ->
                                  return true
                          }

                      isDown |> Expect.isTrue "an error"
                      do! server.Restart()

                      let! session = untilBack registry cookie 200
                      Session.tryGet counter session |> Expect.equal "as before" (Some 7)
                  }) ]
