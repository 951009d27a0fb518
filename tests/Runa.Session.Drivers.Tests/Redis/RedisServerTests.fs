module Runa.Session.Tests.RedisServerTests

open System
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open StackExchange.Redis
open Runa.Session
open Runa.Session.Tests.RedisExercises
open Runa.Session.Tests.RedisMonitors
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

/// With a server of its own, which it may stop.
let private serverTest name (arguments: string list) (body: RedisServer -> Task<unit>) =
    redisTest name (fun () ->
        task {
            let! server = RedisServer.Start arguments

            try
                do! body server
            finally
                (server :> IDisposable).Dispose()
        })

/// Tries until it succeeds: a connection comes back in its own time.
let rec private eventually (tries: int) (work: unit -> ValueTask<'T>) : Task<'T> =
    task {
        let! result =
            task {
                try
                    let! answer = work ()
                    return ValueSome answer
                with
                | :? RedisException
                | :? TimeoutException when tries > 0 -> return ValueNone
            }

        match result with
        | ValueSome answer -> return answer
        | ValueNone ->
            do! Task.Delay 50
            return! eventually (tries - 1) work
    }

[<Tests>]
let tests =
    testList
        "Redis servers"
        [ serverTest "scripts that the server forgot are loaded again" [] (fun server ->
              task {
                  use! connection = server.Connect()
                  let clock = clock ()
                  let driver = RedisDriver.createWith (options "runa:" clock) connection
                  do! exercise clock driver
                  let! _ = command connection "SCRIPT" [ "FLUSH" ]
                  do! exercise clock driver
                  let! _ = command connection "SCRIPT" [ "FLUSH" ]
                  let! asked = monitored server (fun () -> exercise clock driver)
                  asked |> List.exists (fun asked -> asked.Name = "WATCH") |> Expect.isFalse "by transaction"
              })

          serverTest
              "promise 25: what was stored is there after kill -9 and a restart, and the driver goes on"
              [ "--appendonly"; "yes"; "--appendfsync"; "always" ]
              (fun server ->
                  task {
                      let clock = clock ()
                      let driver =
                          RedisDriver.connectWith
                              (options "runa:" clock)
                              $"{server.Address},connectRetry=1,asyncTimeout=1500,connectTimeout=1500"
                      let key = newKey ()
                      let first = record clock
                      let! _ = driver.Create key first none
                      server.Kill()
                      do! raises<RedisException> "" (fun () -> (driver.Load key none).AsTask())
                      do!
                          raises<RedisException> "" (fun () ->
                              (driver.Replace key first.Version (changed "2" first) none).AsTask())
                      do! raises<RedisException> "" (fun () -> (driver.Ping none).AsTask())
                      do! server.Restart()
                      let! loaded = eventually 200 (fun () -> driver.Load key none)
                      loaded |> Expect.equal "after the restart" (ValueSome first)
                      let! replaced = driver.Replace key first.Version (changed "2" first) none
                      replaced |> Expect.equal "the script was loaded again" ReplaceResult.Replaced
                      do! driver.Dispose()
                  })

          serverTest
              "promise 25: an application starts while its store is down, and works once it is up"
              []
              (fun server ->
                  task {
                      server.Kill()
                      let clock = clock ()
                      let driver =
                          RedisDriver.connectWith
                              (options "runa:" clock)
                              $"{server.Address},connectRetry=1,asyncTimeout=1500,connectTimeout=1500"
                      do! raises<RedisException> "" (fun () -> (driver.Ping none).AsTask())
                      do! server.Restart()
                      let key = newKey ()
                      let! _ = eventually 200 (fun () -> task { do! driver.Ping none } |> ValueTask<unit>)
                      let! created = driver.Create key (record clock) none
                      created |> Expect.isTrue "created"
                      do! driver.Dispose()
                      do! raises<ObjectDisposedException> "" (fun () -> (driver.Load key none).AsTask())
                  })

          serverTest "promise 5: the errors of a connection of the driver's own show no key" [] (fun server ->
              task {
                  let clock = clock ()
                  let driver =
                      RedisDriver.connectWith
                          (options "runa:" clock)
                          $"{server.Address},connectRetry=1,asyncTimeout=1500,connectTimeout=1500"
                  let key = newKey ()
                  let! _ = driver.Create key (record clock |> ofOwner "alice") none
                  server.Kill()

                  for work in
                      [ fun () -> (driver.Load key none).AsTask() :> Task
                        fun () -> (driver.Create key (record clock |> ofOwner "alice") none).AsTask() :> Task
                        fun () -> (driver.Delete key none).AsTask() :> Task ] do
                      try
                          do! work ()
                          failtest "no error"
                      with :? RedisException as error ->
                          for shown in [ StoreKey.toText key; "alice" ] do
                              string(error).Contains shown |> Expect.isFalse $"{error.Message} shows {shown}"

                  do! driver.Dispose()
              })

          serverTest "a user who may not run scripts is served by transactions, told once" [] (fun server ->
              task {
                  use! admin = server.Connect()
                  let! _ =
                      command admin "ACL" [ "SETUSER"; "plain"; "on"; ">password"; "~*"; "&*"; "+@all"; "-@scripting" ]
                  use! connection =
                      ConnectionMultiplexer.ConnectAsync
                          $"{server.Address},user=plain,password=password,allowAdmin=true"
                  let clock = clock ()
                  use lines = new Lines()
                  let driver = RedisDriver.createWith { options "runa:" clock with LoggerFactory = lines } connection
                  do! exercise clock driver

                  match lines.All with
                  | [ LogLevel.Information, line ] -> line |> Expect.stringContains "the line" "not permitted"
                  | other -> failtest $"{other.Length} lines were logged instead of one"

                  let! asked = monitored server (fun () -> exercise clock driver)
                  asked
                  |> List.exists (fun asked -> asked.Name.StartsWith "EVAL")
                  |> Expect.isFalse "scripts are not tried again"
              })

          serverTest
              "a server without the commands of scripts is served by transactions"
              [ "--rename-command"
                "EVALSHA"
                ""
                "--rename-command"
                "EVAL"
                ""
                "--rename-command"
                "SCRIPT"
                "" ]
              (fun server ->
                  task {
                      use! connection = server.Connect()
                      let clock = clock ()
                      use lines = new Lines()
                      let driver =
                          RedisDriver.createWith { options "runa:" clock with LoggerFactory = lines } connection
                      do! exercise clock driver
                      lines.All |> List.map fst |> Expect.equal "logged" [ LogLevel.Information ]
                  })

          for label, scripting in [ "scripts", RedisScripting.Auto; "transactions", RedisScripting.Never ] do
              serverTest
                  $"a cluster takes every command, {label}"
                  [ "--cluster-enabled"; "yes"; "--cluster-announce-ip"; "127.0.0.1" ]
                  (fun server ->
                      task {
                          use! admin = server.Connect()
                          let! _ = command admin "CLUSTER" [ "ADDSLOTSRANGE"; "0"; "16383" ]

                          let state () =
                              ValueTask<unit>(
                                  task {
                                      let! info = command admin "CLUSTER" [ "INFO" ]

                                      if not (info.Contains "cluster_state:ok") then
                                          raise (TimeoutException "not yet")
                                  }
                              )

                          do! eventually 200 state
                          use! connection = server.Connect()
                          let clock = clock ()
                          (Array.head (connection.GetServers())).ServerType |> Expect.equal "type" ServerType.Cluster
                          do!
                              exercise
                                  clock
                                  (RedisDriver.createWith
                                      { options "runa:" clock with Scripting = scripting }
                                      connection)
                      })

              // What the server says of a transaction is only that it was discarded.
              let refusal = if scripting = RedisScripting.Auto then "OOM" else "EXECABORT"

              serverTest $"promise 14: a full server is an error, and changes nothing, {label}" [] (fun server ->
                  task {
                      use! connection = server.Connect()
                      let clock = clock ()
                      let driver =
                          RedisDriver.createWith { options "runa:" clock with Scripting = scripting } connection
                      let key = newKey ()
                      let first = record clock
                      let! _ = driver.Create key first none
                      let! _ = command connection "CONFIG" [ "SET"; "maxmemory"; "1" ]
                      do!
                          raises<RedisServerException> "OOM" (fun () ->
                              (driver.Create (newKey ()) first none).AsTask())
                      do!
                          raises<RedisServerException> refusal (fun () ->
                              (driver.Replace key first.Version (changed "2" first) none).AsTask())
                      let! loaded = driver.Load key none
                      loaded |> Expect.equal "unchanged" (ValueSome first)
                      let! _ = command connection "CONFIG" [ "SET"; "maxmemory"; "0" ]
                      let! replaced = driver.Replace key first.Version (changed "2" first) none
                      replaced |> Expect.equal "replaced" ReplaceResult.Replaced
                  })

          serverTest
              "a promoted replica with older data loses what it had not received, and takes no stale change"
              [ "--repl-diskless-sync-delay"; "0" ]
              (fun primary ->
                  task {
                      let! replica = RedisServer.Start [ "--replicaof"; "127.0.0.1"; string primary.Port ]
                      use _ = replica :> IDisposable
                      let clock = clock ()
                      use! toPrimary = primary.Connect()
                      let before = RedisDriver.createWith (options "runa:" clock) toPrimary
                      let key = newKey ()
                      let first = record clock
                      let second, third = changed "2" first, changed "3" first
                      let! _ = before.Create key first none
                      let! acknowledged = command toPrimary "WAIT" [ "1"; "5000" ]
                      acknowledged |> Expect.equal "replicated" "1"
                      // The replica gets nothing any more.
                      use! admin = replica.Connect()
                      let! _ = command admin "REPLICAOF" [ "NO"; "ONE" ]
                      use! toReplica = replica.Connect()
                      let after = RedisDriver.createWith (options "runa:" clock) toReplica
                      let! replaced = before.Replace key first.Version second none
                      let later = newKey ()
                      let! _ = before.Create later first none
                      primary.Kill()
                      replaced |> Expect.equal "replaced on the old primary" ReplaceResult.Replaced
                      let! rolledBack = after.Load key none
                      let! lost = after.Load later none
                      let! stale = after.Replace key second.Version third none
                      let! fresh = after.Replace key first.Version third none
                      rolledBack |> Expect.equal "the older record" (ValueSome first)
                      lost |> Expect.equal "what came later" ValueNone
                      stale |> Expect.equal "from what is lost" (ReplaceResult.Conflict first)
                      fresh |> Expect.equal "from what stands" ReplaceResult.Replaced
                  }) ]
