module Runa.Session.Tests.RedisConformanceTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open StackExchange.Redis
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

let private prefix = "runa:"

/// A server of its own, emptied for each clock: what earlier tests left would only slow down the later ones.
type private OwnServer(arguments: string list, scripting: unit -> RedisScripting) =
    let mutable clockNow: TimeProvider | null = null

    let connection =
        lazy
            (task {
                let! server = RedisServer.Start arguments
                return! server.Connect()
            })

    member _.Connection: Task<ConnectionMultiplexer> = connection.Value

    /// One more process on what is there.
    member own.Beside(clock: TimeProvider) : Task<SessionDriver> =
        task {
            let! connection = own.Connection
            return RedisDriver.createWith { options prefix clock with Scripting = scripting () } connection
        }

    member own.Open(clock: TimeProvider) : Task<SessionDriver> =
        task {
            if not RedisServer.IsInstalled then
                skiptest "redis-server is not installed"

            if not (Object.ReferenceEquals(clock, clockNow)) then
                clockNow <- clock
                let! connection = own.Connection
                let! _ = command connection "FLUSHALL" []
                ()

            return! own.Beside clock
        }

    member own.Do(work: ConnectionMultiplexer -> Task<'T>) : Task<'T> =
        task {
            let! connection = own.Connection
            return! work connection
        }

    member own.Fill(isFull: bool) : Task<unit> =
        own.Do(fun connection ->
            task {
                let! _ = command connection "CONFIG" [ "SET"; "maxmemory"; (if isFull then "1" else "0") ]
                ()
            })

/// Garnet, in a test project of its own, has the whole suite by transactions.
let private underTest name (interleavings, writers, owned) (scripting: unit -> RedisScripting) : DriverUnderTest =
    let own = OwnServer([], scripting)

    { DriverUnderTest.create name own.Open with
        Dump = Some(fun () -> own.Do(fun connection -> RedisDump.dump connection ""))
        ExpiresByItself = true
        Interleavings = interleavings
        Writers = writers
        OwnedMany = owned
        Store =
            { OpenBeside = Some(fun _ clock -> own.Beside clock)
              Fill = Some(fun _ isFull -> own.Fill isFull)
              DropRecord = Some(fun _ key -> own.Do(fun there -> RedisHands.dropRecord there prefix key))
              DropIndex = Some(fun _ scope owner -> own.Do(fun there -> RedisHands.dropIndex there prefix scope owner))
              Rewrite = Some(fun _ key change -> own.Do(fun there -> RedisHands.rewrite there prefix key change)) } }

/// It makes room by evicting, and lists without the index: a lost one is nothing that a later write has to bring back.
let private evicting: DriverUnderTest =
    let own =
        OwnServer([ "--maxmemory"; "1gb"; "--maxmemory-policy"; "allkeys-lru" ], (fun () -> RedisScripting.Auto))

    { DriverUnderTest.create "redis, evicting" own.Open with
        ExpiresByItself = true
        Interleavings = 200
        Writers = 100
        OwnedMany = 2_000
        Store =
            { StoreUnderTest.untouched with
                OpenBeside = Some(fun _ clock -> own.Beside clock)
                DropRecord = Some(fun _ key -> own.Do(fun there -> RedisHands.dropRecord there prefix key))
                Rewrite = Some(fun _ key change -> own.Do(fun there -> RedisHands.rewrite there prefix key change)) } }

/// Processes that write in both ways, in turn, on one store.
let private bothWays =
    let opened = ref 0

    fun () ->
        if Interlocked.Increment opened % 2 = 0 then
            RedisScripting.Never
        else
            RedisScripting.Auto

[<Tests>]
let tests =
    testList
        "Redis"
        [ Conformance.tests (underTest "redis" (2_000, 1_000, 20_000) (fun () -> RedisScripting.Auto))
          Conformance.tests (underTest "redis both ways" (200, 100, 2_000) bothWays)
          Conformance.tests evicting ]
