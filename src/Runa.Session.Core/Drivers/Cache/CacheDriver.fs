namespace Runa.Session

open System
open System.IO
open System.Runtime.CompilerServices
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Caching.Distributed

/// Options of the driver "cache".
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type CacheDriverOptions =
    {
        /// The clock that decides what has expired. Default: the system's.
        TimeProvider: TimeProvider
        /// The prefix of the cache's keys. Default: "runa:".
        Prefix: string
    }

/// What a key of the cache holds.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Stored =
    | Nothing
    | Record of SessionRecord
    | Unreadable of InvalidDataException

/// Stores records in a cache as whole documents, since a cache cannot write parts. Writers of one key take turns within
/// this process; between processes nothing can be compared before a write.
[<Sealed>]
type internal CacheStore(cache: IDistributedCache, options: CacheDriverOptions) =
    let locks = KeyedLocks<StoreKey>()
    let keyOf (key: StoreKey) = options.Prefix + StoreKey.toText key
    let isExpired record = SessionRecord.isExpired (options.TimeProvider.GetUtcNow()) record

    // Exceptions from reading an entry before a write: nothing was written then.
    let unwritten = ConditionalWeakTable<exn, obj>()

    let look (key: StoreKey) (token: CancellationToken) : Task<Stored> =
        task {
            match! cache.GetAsync(keyOf key, token) with
            | null -> return Stored.Nothing
            | document ->
                try
                    return Stored.Record(RecordFormat.read (ReadOnlySpan document))
                with :? InvalidDataException as e ->
                    return Stored.Unreadable e
        }

    let lookToWrite (key: StoreKey) (token: CancellationToken) : Task<Stored> =
        task {
            try
                return! look key token
            with e ->
                unwritten.AddOrUpdate(e, key)
                ExceptionDispatchInfo.Throw e
                return Stored.Nothing
        }

    /// How long the cache keeps the entry. This is for garbage collection only: it lasts a minute longer than the
    /// session lives by the slowest clock (promise 28). It must be positive.
    let lifetime (record: SessionRecord) =
        let rest = SessionRecord.endsAt record - options.TimeProvider.GetUtcNow()
        max (rest + SessionRecord.clockTolerance + TimeSpan.FromMinutes 1.) (TimeSpan.FromSeconds 1.)

    let store (key: StoreKey) (record: SessionRecord) (token: CancellationToken) : Task =
        let entry = DistributedCacheEntryOptions(AbsoluteExpirationRelativeToNow = lifetime record)
        cache.SetAsync(keyOf key, RecordFormat.write record, entry, token)

    member _.Locks = locks
    member _.IsUnwritten(e: exn) : bool = unwritten.TryGetValue e |> fst

    member _.Load(key, token) : Task<SessionRecord voption> =
        task {
            match! look key token with
            | Stored.Record record -> return ValueSome record
            | Stored.Nothing -> return ValueNone
            | Stored.Unreadable e -> return raise e
        }

    member _.Create(key, record, token) : Task<bool> =
        locks.Run(
            key,
            token,
            fun () ->
                task {
                    match! lookToWrite key token with
                    | Stored.Nothing ->
                        do! store key record token
                        return true
                    | Stored.Record _
                    | Stored.Unreadable _ -> return false
                }
        )

    member _.Replace(key, expected: RecordVersion, record, token) : Task<ReplaceResult> =
        locks.Run(
            key,
            token,
            fun () ->
                task {
                    match! lookToWrite key token with
                    | Stored.Record current when not (isExpired current) ->
                        if current.Version = expected then
                            do! store key record token
                            return ReplaceResult.Replaced
                        else
                            return ReplaceResult.Conflict current
                    | Stored.Record _
                    | Stored.Nothing -> return ReplaceResult.Missing
                    | Stored.Unreadable e -> return raise e
                }
        )

    member _.Touch(key, idleExpiresAt, token) : Task<bool> =
        locks.Run(
            key,
            token,
            fun () ->
                task {
                    match! lookToWrite key token with
                    | Stored.Record current when not (isExpired current) ->
                        let touched = SessionRecord.touch idleExpiresAt current

                        if not (Object.ReferenceEquals(touched, current)) then
                            do! store key touched token

                        return true
                    | Stored.Record _
                    | Stored.Nothing
                    | Stored.Unreadable _ -> return false
                }
        )

    member _.Delete(key, token) : Task<SessionRecord voption> =
        locks.Run(
            key,
            token,
            fun () ->
                task {
                    match! lookToWrite key token with
                    | Stored.Nothing -> return ValueNone
                    | Stored.Record removed ->
                        do! cache.RemoveAsync(keyOf key, token)
                        return ValueSome removed
                    | Stored.Unreadable e ->
                        do! cache.RemoveAsync(keyOf key, token)
                        return raise e
                }
        )

    member _.Ping(token) : Task =
        task {
            let! _ = cache.GetAsync(options.Prefix + "ping", token)
            ()
        }

/// The driver "cache" keeps sessions in any IDistributedCache that the host registers, for example the framework's
/// Redis or SQL Server cache. "cache:orders" uses the one that is registered as the keyed service "orders".
///
/// Writers of one session in one process take turns, so no update is lost within it. A cache cannot compare before it
/// writes: if two processes write one session at once, the later write wins (DriverGuarantee.LastWriteWins). This may
/// lose an update, show a flash twice, or bring back a session that another process ended during a write or touch. The
/// driver cannot list sessions by owner. A cache may also evict entries: those sessions are gone.
[<AbstractClass; Sealed>]
type CacheDriver =
    /// The default options: the system's clock, and the prefix "runa:".
    [<CompiledName "Defaults">]
    static member defaults: CacheDriverOptions = { TimeProvider = TimeProvider.System; Prefix = "runa:" }

    /// Creates a driver over this cache, with the default options. The caller disposes the cache.
    [<CompiledName "Create">]
    static member create(cache: IDistributedCache) : SessionDriver = CacheDriver.createWith CacheDriver.defaults cache

    /// Creates a driver over this cache. The caller disposes the cache.
    [<CompiledName "CreateWith">]
    static member createWith (options: CacheDriverOptions) (cache: IDistributedCache) : SessionDriver =
        let store = CacheStore(cache, options)

        SessionDriver.create
            "cache"
            (fun key token -> ValueTask<SessionRecord voption>(store.Load(key, token)))
            (fun key record token -> ValueTask<bool>(store.Create(key, record, token)))
            (fun key version record token -> ValueTask<ReplaceResult>(store.Replace(key, version, record, token)))
            (fun key idleExpiresAt token -> ValueTask<bool>(store.Touch(key, idleExpiresAt, token)))
            (fun key token -> ValueTask<SessionRecord voption>(store.Delete(key, token)))
        |> SessionDriver.withGuarantee DriverGuarantee.LastWriteWins
        |> SessionDriver.withRefusals store.IsUnwritten
        |> SessionDriver.withPing (fun token -> ValueTask(store.Ping token))

    static member private OverServices
        (options: CacheDriverOptions, services: IServiceProvider, cache: objnull, missing: string)
        : SessionDriver =
        match cache with
        | :? IDistributedCache as cache ->
            let clock = RegisteredServices.clock options.TimeProvider services
            CacheDriver.createWith { options with TimeProvider = clock } cache
        | _ -> raise (SessionConfigurationException [ missing ])

    /// Creates a driver over the registered IDistributedCache, for SessionSetup.driverFrom. Raises
    /// SessionConfigurationException, which says what to register, if there is none.
    [<CompiledName "FromServices">]
    static member fromServices(services: IServiceProvider) : SessionDriver =
        CacheDriver.fromServicesWith CacheDriver.defaults services

    /// Like fromServices, with other options. A TimeProvider that the options set is used in place of the registered
    /// one.
    [<CompiledName "FromServicesWith">]
    static member fromServicesWith (options: CacheDriverOptions) (services: IServiceProvider) : SessionDriver =
        CacheDriver.OverServices(
            options,
            services,
            services.GetService typeof<IDistributedCache>,
            "no IDistributedCache is registered. Call services.AddStackExchangeRedisCache(…), services.AddDistributedMemoryCache() or the like; without a host, use SessionSetup.driver \"cache\" (CacheDriver.create cache), in C# AddDriver."
        )

    /// Creates a driver over the IDistributedCache that is registered as the keyed service of this name, for
    /// SessionSetup.driverFrom. Raises SessionConfigurationException, which says what to register, if there is none.
    static member keyed (name: string) (services: IServiceProvider) : SessionDriver =
        CacheDriver.keyedWith CacheDriver.defaults name services

    /// Like keyed, with other options. A TimeProvider that the options set is used in place of the registered one.
    [<CompiledName "KeyedWith">]
    static member keyedWith (options: CacheDriverOptions) (name: string) (services: IServiceProvider) : SessionDriver =
        CacheDriver.OverServices(
            options,
            services,
            RegisteredServices.keyed typeof<IDistributedCache> name services,
            $"no IDistributedCache is registered as the keyed service \"{name}\". Call services.AddKeyedSingleton<IDistributedCache>(\"{name}\", …)."
        )
