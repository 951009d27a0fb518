module Runa.Session.Tests.RedisConformanceTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.RedisRecords
open Runa.Session.Tests.RedisServers

/// On a server of its own, emptied for each clock: what earlier tests left would only slow down the later ones. Garnet, in
/// a test project of its own, has the whole suite by transactions.
let private underTest (name: string) (interleavings, writers) (scripting: unit -> RedisScripting) : DriverUnderTest =
    let mutable clockNow: TimeProvider | null = null

    let connection =
        lazy
            (task {
                let! server = RedisServer.Start []
                return! server.Connect()
            })

    let openRedis (clock: TimeProvider) : Task<SessionDriver> =
        task {
            if not RedisServer.IsInstalled then
                skiptest "redis-server is not installed"

            let! connection = connection.Value

            if not (Object.ReferenceEquals(clock, clockNow)) then
                clockNow <- clock
                let! _ = command connection "FLUSHALL" []
                ()

            return RedisDriver.createWith { options "runa:" clock with Scripting = scripting () } connection
        }

    let dump () =
        task {
            let! connection = connection.Value
            return! RedisDump.dump connection ""
        }

    { DriverUnderTest.create name openRedis with
        Dump = Some dump
        ExpiresByItself = true
        Interleavings = interleavings
        Writers = writers }

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
        [ Conformance.tests (underTest "redis" (2_000, 1_000) (fun () -> RedisScripting.Auto))
          Conformance.tests (underTest "redis both ways" (200, 100) bothWays) ]
