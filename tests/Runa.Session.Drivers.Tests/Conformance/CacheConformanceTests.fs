module Runa.Session.Tests.CacheConformanceTests

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Expecto
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Caching.StackExchangeRedis
open Microsoft.Extensions.Options
open StackExchange.Redis
open Runa.Session
open Runa.Session.Conformance
open Runa.Session.Tests.RedisServers
open Runa.Session.Tests.WatchedCaches

/// Drivers of one clock are on one cache.
let private driversOn (openCache: unit -> Task<IDistributedCache>) : TimeProvider -> Task<SessionDriver> =
    let opened = ConditionalWeakTable<TimeProvider, Task<IDistributedCache>>()

    fun clock ->
        task {
            let! cache = opened.GetValue(clock, (fun _ -> openCache ()))

            return CacheDriver.createWith { CacheDriver.defaults with TimeProvider = clock } cache
        }

/// The framework's own Redis cache, on the server of the test run.
let redisCache () : Task<IDistributedCache> =
    task {
        if not RedisServer.IsInstalled then
            skiptest "redis-server is not installed"

        let! connection = sharedConnection ()

        let options =
            RedisCacheOptions(
                InstanceName = freshPrefix (),
                ConnectionMultiplexerFactory = Func<_>(fun () -> Task.FromResult(connection :> IConnectionMultiplexer))
            )

        return (new RedisCache(Options.Create options) :> IDistributedCache)
    }

let private under name openCache =
    { DriverUnderTest.create name (driversOn openCache) with
        SwapsWithinOneDriver = true
        ExpiresByItself = true }

/// MemoryDistributedCache, which answers at once, behind a wait as that of a cache over a network.
[<Tests>]
let memory =
    Conformance.tests (under "cache in memory" (fun () -> Task.FromResult(WatchedCache() :> IDistributedCache)))

[<Tests>]
let redis =
    // The driver's 2,000 have run over the cache in memory.
    Conformance.tests { under "cache on Redis" redisCache with Interleavings = 300 }
