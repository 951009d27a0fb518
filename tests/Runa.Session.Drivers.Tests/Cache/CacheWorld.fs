/// A cache driver on a cache in memory, and calls of it.
module internal Runa.Session.Tests.CacheWorlds

open System
open System.Threading
open Microsoft.Extensions.Caching.Distributed
open Microsoft.Extensions.Time.Testing
open Runa.Session
open Runa.Session.Tests.WatchedCaches

let none = CancellationToken.None
let idle = TimeSpan.FromMinutes 10.
let minute = TimeSpan.FromMinutes 1.
let key = StoreKey.ofBytes (ReadOnlySpan(Array.init 16 byte))
let entry = "runa:" + StoreKey.toText key

type World = { Clock: FakeTimeProvider; Cache: WatchedCache; Driver: SessionDriver }

let driverOn (clock: TimeProvider) (cache: IDistributedCache) =
    CacheDriver.createWith { CacheDriver.defaults with TimeProvider = clock } cache

let open' () : World =
    let clock = FakeTimeProvider(DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
    let cache = WatchedCache()

    { Clock = clock; Cache = cache; Driver = driverOn clock cache }

/// A session of two hours, with the idle end after ten minutes.
let record (world: World) (count: int) : SessionRecord =
    let now = world.Clock.GetUtcNow()
    let state = SessionState.fresh now (TimeSpan.FromHours 2.)

    { Version = RecordVersion.Next()
      Scope = "shop/web"
      State = { state with Values = Map [ "count", string count ] }
      IdleExpiresAt = ValueSome(now + idle)
      Kind = RecordKind.Live }

let count (record: SessionRecord) = int record.State.Values["count"]

let load (driver: SessionDriver) = (driver.Load key none).AsTask()
let create (driver: SessionDriver) record = (driver.Create key record none).AsTask()
let replace (driver: SessionDriver) version record = (driver.Replace key version record none).AsTask()
let touch (driver: SessionDriver) at = (driver.Touch key at none).AsTask()
let delete (driver: SessionDriver) = (driver.Delete key none).AsTask()
