module Runa.Session.Tests.GarnetTests

open System
open System.Collections.Concurrent
open System.Threading.Tasks
open Expecto
open Expecto.Flip
open Microsoft.Extensions.Logging
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.GarnetServers

let private prefix = "garnet:"

let mutable private clockNow: TimeProvider | null = null

let private beside (clock: TimeProvider) : Task<SessionDriver> =
    let options = { RedisDriver.defaults with Prefix = prefix; TimeProvider = clock }
    Task.FromResult(RedisDriver.createWith options (connection ()))

/// Emptied for each clock: what earlier tests left would only slow down the later ones.
let private openGarnet (clock: TimeProvider) : Task<SessionDriver> =
    task {
        if not (Object.ReferenceEquals(clock, clockNow)) then
            clockNow <- clock

            for server in connection().GetServers() do
                do! server.FlushAllDatabasesAsync()

        return! beside clock
    }

/// It knows no limit of memory to be full by, and does not tell whether it evicts: so nothing is listed by the index.
let private store: StoreUnderTest =
    { StoreUnderTest.untouched with
        OpenBeside = Some(fun _ clock -> beside clock)
        DropRecord = Some(fun _ key -> RedisHands.dropRecord (connection ()) prefix key)
        Rewrite = Some(fun _ key change -> RedisHands.rewrite (connection ()) prefix key change) }

/// What the driver logs.
type private Lines() =
    let lines = ConcurrentQueue<LogLevel * string>()
    member _.All = List.ofSeq lines

    interface ILoggerFactory with
        member _.AddProvider _ = ()
        member _.Dispose() = ()

        member _.CreateLogger _ =
            { new ILogger with
                member _.BeginScope _ = null
                member _.IsEnabled _ = true
                member _.Log(level, _, state, error, format) = lines.Enqueue(level, format.Invoke(state, error)) }

let private visits = SessionKey.create<int> "visits"

[<Tests>]
let tests =
    testSequenced
    <| testList
        "Garnet"
        [ Conformance.tests
              { DriverUnderTest.create "garnet" openGarnet with
                  Dump = Some(fun () -> RedisDump.dump (connection ()) prefix)
                  ExpiresByItself = true
                  OwnedMany = 2_000
                  Store = store }

          testCaseTask
              "a server without Lua is served by transactions, told once; and that it does not say whether it evicts"
              (fun () ->
                  task {
                      use lines = new Lines()

                      let options = { RedisDriver.defaults with Prefix = "garnet-log:"; LoggerFactory = lines }

                      let registry =
                          SessionSetup.empty
                          |> SessionSetup.secrets [ "a secret of tests: 7Qm!xW2z-Kp0s_9dLr4T" ]
                          |> SessionSetup.application "tests"
                          |> SessionSetup.driver "redis" (RedisDriver.createWith options (connection ()))
                          |> SessionSetup.session "web" (fun settings -> { settings with Driver = "redis" })
                          |> SessionRegistry.create

                      let update header step =
                          SessionRegistry.update "web" header step Threading.CancellationToken.None registry

                      let! created = update None (Session.signIn "alice" >> Session.set visits 1)
                      let header = Some((List.last created.Cookies).Split(';')[0])
                      let! _ = update header (Session.update visits 0 ((+) 1))
                      let! after = SessionRegistry.load "web" header Threading.CancellationToken.None registry
                      Session.tryGet visits after |> Expect.equal "visits" (Some 2)
                      let! ended = SessionRegistry.revokeOwner "web" "alice" Threading.CancellationToken.None registry

                      ended |> Expect.equal "ended" 1

                      lines.All
                      |> List.map fst
                      |> List.sort
                      |> Expect.equal "logged" [ LogLevel.Information; LogLevel.Warning ]
                  }) ]
