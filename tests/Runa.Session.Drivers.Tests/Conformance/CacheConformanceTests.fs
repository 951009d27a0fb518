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
let private cachesOf (openCache: unit -> Task<IDistributedCache>) : TimeProvider -> Task<IDistributedCache> =
    let opened = ConditionalWeakTable<TimeProvider, Task<IDistributedCache>>()
    fun clock -> opened.GetValue(clock, (fun _ -> openCache ()))

let private driverOn (clock: TimeProvider) (cache: IDistributedCache) =
    CacheDriver.createWith { CacheDriver.defaults with TimeProvider = clock } cache

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

let private under name (cacheOf: TimeProvider -> Task<IDistributedCache>) : DriverUnderTest =
    let entry key = "runa:" + StoreKey.toText key

    let openOn clock other =
        task {
            let! cache = cacheOf clock
            return driverOn other cache
        }

    { DriverUnderTest.create name (fun clock -> openOn clock clock) with
        SwapsWithinOneDriver = true
        ExpiresByItself = true
        Store =
            { StoreUnderTest.untouched with
                OpenBeside = Some openOn
                DropRecord =
                    Some(fun clock key ->
                        task {
                            let! cache = cacheOf clock
                            do! cache.RemoveAsync(entry key)
                        })
                Rewrite =
                    Some(fun clock key change ->
                        task {
                            let! cache = cacheOf clock
                            let! document = cache.GetAsync(entry key)
                            let document = change (Unchecked.nonNull document)
                            do! cache.SetAsync(entry key, document, DistributedCacheEntryOptions())
                        }) } }

/// MemoryDistributedCache, which answers at once, behind a wait as that of a cache over a network.
[<Tests>]
let memory =
    let cacheOf = cachesOf (fun () -> Task.FromResult(WatchedCache() :> IDistributedCache))

    let fill clock isFull =
        task {
            let! cache = cacheOf clock

            (cache :?> WatchedCache).Before <-
                fun (call, _) ->
                    match call with
                    | CacheCall.Set when isFull -> raise (CacheDown())
                    | _ -> Task.CompletedTask
        }

    let under = under "cache in memory" cacheOf
    Conformance.tests { under with Store = { under.Store with Fill = Some fill } }

[<Tests>]
let redis =
    // The driver's 2,000 have run over the cache in memory.
    Conformance.tests { under "cache on Redis" (cachesOf redisCache) with Interleavings = 300 }
