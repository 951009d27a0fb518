module Runa.Session.Tests.RedisErrorsTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.CuttingProxies
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.RedisSites

let private caught (what: string) (work: unit -> Task) : Task<exn> =
    task {
        try
            do! work ()
            return failtest $"{what}: nothing was raised"
        with
        | :? RedisException
        | :? TimeoutException
        | :? InvalidOperationException as error -> return error
    }

let private writes (driver: SessionDriver) (clock: TimeProvider) (key: StoreKey) (first: SessionRecord) =
    [ "create", (fun () -> (driver.Create (newKey ()) (record clock |> ofOwner "alice") none).AsTask() :> Task)
      "replace", (fun () -> (driver.Replace key first.Version (changed "2" first) none).AsTask() :> Task)
      "delete", (fun () -> (driver.Delete key none).AsTask() :> Task)
      "delete many", (fun () -> (driver.DeleteMany [ key; newKey () ] none).AsTask() :> Task)
      "advance", (fun () -> ((ownersOf driver).Advance "tests/web" "alice" none).AsTask()) ]

/// Every write is refused for certain, and has changed nothing.
let private refuses (arguments: string list) name (spoil: Site -> Task<SessionDriver>) =
    siteTests $"promise 14: {name}: a refusal, and nothing was written" arguments (fun site ->
        task {
            let key = newKey ()
            let first = record site.Clock |> ofOwner "alice"
            let! _ = site.Driver.Create key first none
            let! refused = spoil site
            let! before = RedisDump.dump site.Connection "runa:[soea]:"

            for what, write in writes refused site.Clock key first do
                let! error = caught what write
                refused.IsRefusal error |> Expect.isTrue $"{what}: {error}"

            let! after = RedisDump.dump site.Connection "runa:[soea]:"
            // Redis names its keys in any order.
            Array.sort after |> Expect.equal "what Redis holds" (Array.sort before)
        })

let private here (site: Site) = site.Driver

let private as' (site: Site) (rights: string list) : Task<SessionDriver> =
    task {
        let! _ = command site.Connection "ACL" ([ "SETUSER"; "plain"; "on"; ">password"; "~*"; "&*" ] @ rights)

        let! connection =
            ConnectionMultiplexer.ConnectAsync $"{site.Server.Address},user=plain,password=password,allowAdmin=true"

        return RedisDriver.createWith (options "runa:" site.Clock) connection
    }

let private server (message: string) : exn = RedisServerException(RedisErrorKind.None, CommandFlags.None, message)

let private connection (status: CommandStatus) : exn =
    RedisConnectionException(ConnectionFailureType.SocketClosed, CommandFlags.None, "closed", null, status)

let private timeout (status: CommandStatus) : exn = RedisTimeoutException(CommandFlags.None, "late", status)

[<Tests>]
let tests =
    testList
        "Redis, errors"
        [ testCase "promise 14: what is refused for certain is told from what may have been written"
          <| fun () ->
              for error, expected in
                  [ server "OOM command not allowed when used memory > 'maxmemory'.", true
                    server "OOM command not allowed when used memory > 'maxmemory'. script: 2b56, on @user_script:3.",
                    true
                    server
                        "ERR Error running script (call to f_2b56): @user_script:3: @user_script: 3: -OOM command not allowed when used memory > 'maxmemory'. ",
                    true
                    server "READONLY You can't write against a read only replica.", true
                    server "NOREPLICAS Not enough good replicas to write.", true
                    server "MISCONF Redis is configured to save RDB snapshots", true
                    server "LOADING Redis is loading the dataset in memory", true
                    server "BUSY Redis is busy running a script.", true
                    server "MASTERDOWN Link with MASTER is down", true
                    server "CLUSTERDOWN Hash slot not served", true
                    server "MOVED 3999 127.0.0.1:6381", true
                    server "ASK 3999 127.0.0.1:6381", true
                    server "TRYAGAIN Multiple keys request during rehashing of slot", true
                    server "CROSSSLOT Keys in request don't hash to the same slot", true
                    server "NOAUTH Authentication required.", true
                    server "WRONGPASS invalid username-password pair", true
                    server "NOPERM this user has no permissions to run the 'evalsha' command", true
                    server "WRONGTYPE Operation against a key holding the wrong kind of value", true
                    server "NOSCRIPT No matching script.", true
                    server "EXECABORT Transaction discarded because of previous errors.", true
                    server "ERR Error running script (call to f_2b56): @user_script:3: Script killed", false
                    server "ERR something else", false
                    server "UNKILLABLE", false
                    connection CommandStatus.WaitingToBeSent, true
                    connection CommandStatus.WaitingInBacklog, true
                    connection CommandStatus.Sent, false
                    connection CommandStatus.Unknown, false
                    timeout CommandStatus.WaitingInBacklog, true
                    timeout CommandStatus.Sent, false
                    RedisCommandException "Command cannot be issued to a replica", true
                    RedisErrors.partly "2 of 3 records were deleted" (server "READONLY"), false
                    TimeoutException(), false
                    OperationCanceledException(), false ] do
                  RedisErrors.isRefusal error |> Expect.equal $"{error.GetType().Name}: {error.Message}" expected

          refuses [] "a replica" (fun site ->
              task {
                  let! _ = command site.Connection "REPLICAOF" [ "127.0.0.1"; "1" ]
                  return here site
              })

          refuses [] "too few replicas" (fun site ->
              task {
                  let! _ = command site.Connection "CONFIG" [ "SET"; "min-replicas-to-write"; "1" ]
                  return here site
              })

          refuses [] "a user who may only read" (fun site -> as' site [ "+@all"; "-@write"; "-@scripting" ])

          redisTest "promise 14: with its server gone, a write that was not sent is a refusal" (fun () ->
              task {
                  use! server = RedisServer.Start []
                  let clock = clock ()

                  let driver =
                      RedisDriver.connectWith
                          (options "runa:" clock)
                          $"{server.Address},connectRetry=1,asyncTimeout=1500,connectTimeout=1500"

                  let key = newKey ()
                  let first = record clock
                  let! _ = driver.Create key first none
                  server.Kill()
                  // The first one notices.
                  let! _ = caught "ping" (fun () -> (driver.Ping none).AsTask())

                  for what, write in writes driver clock key first do
                      let! error = caught what write
                      driver.IsRefusal error |> Expect.isTrue $"{what}: {error}"

                  do! driver.Dispose()
              })

          redisTest "promise 14: a transaction that took effect by half is no refusal" (fun () ->
              task {
                  let! corner = corner RedisScripting.Never
                  let name: RedisKey = RedisKey.op_Implicit $"{corner.Prefix}o:9:tests/web:alice"
                  let! _ = corner.Database.StringSetAsync(name, RedisValue.op_Implicit "text")

                  let! error =
                      caught "create" (fun () ->
                          (corner.Driver.Create (newKey ()) (record corner.Clock |> ofOwner "alice") none).AsTask())

                  corner.Driver.IsRefusal error |> Expect.isFalse $"{error}"
                  // Its expiry was set.
                  let! life = corner.Database.KeyTimeToLiveAsync name
                  life.HasValue |> Expect.isTrue "something was written"
              })

          redisTest "promise 25: what reads on a connection that is dead is read once more" (fun () ->
              task {
                  use! server = RedisServer.Start []
                  use proxy = new CuttingProxy(server.Port)
                  let clock = clock ()
                  let driver =
                      RedisDriver.connectWith (options "runa:" clock) $"127.0.0.1:{proxy.Port},asyncTimeout=60000"
                  let key = newKey ()
                  let first = record clock |> ofOwner "alice"
                  let! _ = driver.Create key first none
                  let! _ = (ownersOf driver).List "tests/web" "alice" None none

                  for command in [ "GET"; "ZRANGE"; "PTTL" ] do
                      proxy.CutAfter command

                      match command with
                      | "GET" ->
                          let! loaded = driver.Load key none
                          loaded |> Expect.equal "loaded" (ValueSome first)
                      | "ZRANGE" ->
                          let! page = (ownersOf driver).List "tests/web" "alice" None none
                          page.Items.Length |> Expect.equal "listed" 1
                      | _ ->
                          let! epoch = (ownersOf driver).Epoch "tests/web" "alice" none
                          epoch.Age |> Expect.equal "epoch" TimeSpan.MaxValue

                  proxy.Cuts |> Expect.equal "each was cut" 3
                  do! driver.Dispose()
              })

          redisTest "promise 27: a hundred are loaded, and deleted, before the first answer is there" (fun () ->
              task {
                  use! server = RedisServer.Start []
                  use! admin = server.Connect()

                  for scripting in [ RedisScripting.Auto; RedisScripting.Never ] do
                      use proxy = new CuttingProxy(server.Port)
                      let clock = clock ()

                      let driver =
                          RedisDriver.connectWith
                              { options "runa:" clock with Scripting = scripting }
                              $"127.0.0.1:{proxy.Port},asyncTimeout=60000"

                      let keys = [ for _ in 1..100 -> newKey () ]

                      for key in keys do
                          let! _ = driver.Create key (record clock |> ofOwner "alice") none
                          ()

                      // Loads the script.
                      let! _ = driver.DeleteMany [ newKey () ] none
                      proxy.HoldAnswers()
                      let deleting = (driver.DeleteMany keys none).AsTask()
                      let began = Diagnostics.Stopwatch.StartNew()
                      let mutable left = 100

                      while left > 0 && began.Elapsed < TimeSpan.FromSeconds 30. do
                          do! Task.Delay 5
                          let! found = command admin "EVAL" [ "return #redis.call('KEYS', 'runa:s:*')"; "0" ]
                          left <- int found

                      left |> Expect.equal "left" 0
                      deleting.IsCompleted |> Expect.isFalse "without an answer"
                      proxy.ReleaseAnswers()
                      let! deleted = deleting
                      deleted.Length |> Expect.equal "deleted" 100
                      do! driver.Dispose()
              }) ]
