namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions

/// Bounds of the memory driver.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type MemoryDriverOptions =
    {
        /// Over it, sessions are evicted: expired ones, then strangers'; signed-in users' only for those of signed-in users.
        /// A store full of signed-in users holds one stranger's and one user's beyond it. Default: 100,000.
        MaxSessions: int
        /// About how many bytes of memory all sessions together may take; in a store full of signed-in users, the last
        /// stranger's may take an eighth beyond. Default: 256 MiB.
        MaxBytes: int64
        /// The clock that says what has expired.
        TimeProvider: TimeProvider
        /// Told when signed-in users' sessions are evicted, or strangers' for want of room, once a minute.
        LoggerFactory: ILoggerFactory
    }

/// Sessions in the memory of this process: the default, for development and for apps of one process. Gone when it ends.
[<AbstractClass; Sealed>]
type MemoryDriver =
    /// 100,000 sessions, 256 MiB, the system's clock.
    [<CompiledName "Defaults">]
    static member defaults: MemoryDriverOptions =
        { MaxSessions = 100_000
          MaxBytes = 256L * 1024L * 1024L
          TimeProvider = TimeProvider.System
          LoggerFactory = NullLoggerFactory.Instance }

    /// A store of its own, with the default bounds.
    [<CompiledName "Create">]
    static member create() : SessionDriver = MemoryDriver.create MemoryDriver.defaults

    /// A store of its own, with the default bounds and this clock: for tests.
    [<CompiledName "Create">]
    static member create(clock: TimeProvider) : SessionDriver =
        MemoryDriver.create { MemoryDriver.defaults with TimeProvider = clock }

    /// A store of its own. Raises ArgumentOutOfRangeException for a bound that is not positive.
    [<CompiledName "Create">]
    static member create(options: MemoryDriverOptions) : SessionDriver =
        if options.MaxSessions < 1 then
            raise (ArgumentOutOfRangeException("MaxSessions", options.MaxSessions, "At least one session must fit."))

        if options.MaxBytes < 1L then
            raise (ArgumentOutOfRangeException("MaxBytes", options.MaxBytes, "At least one byte must fit."))

        let log = options.LoggerFactory.CreateLogger "Runa.Session.MemoryDriver"
        let store = MemoryStore(options.TimeProvider, log, options.MaxSessions, options.MaxBytes)
        let owners = store.Owners

        let driver =
            SessionDriver.create
                "memory"
                (fun key _ -> ValueTask<_>(store.Load key))
                (fun key record _ -> ValueTask<_>(store.Create(key, record)))
                (fun key version record _ -> ValueTask<_>(store.Replace(key, version, record)))
                (fun key idleExpiresAt _ -> ValueTask<_>(store.Touch(key, idleExpiresAt)))
                (fun key _ -> ValueTask<_>(store.Delete key))
            |> SessionDriver.withDeleteMany (fun keys _ -> ValueTask<_>(store.DeleteMany keys))
            |> SessionDriver.withPurge (fun _ -> ValueTask<_>(store.PurgeExpired()))
            |> SessionDriver.withOwners
                { List = fun scope owner from _ -> ValueTask<_>(store.List(scope, owner, from, 100))
                  Epoch = fun scope owner _ -> ValueTask<_>(owners.Epoch(scope, owner))
                  Advance =
                    fun scope owner _ ->
                        owners.Advance(scope, owner)
                        ValueTask()
                  DeleteAll = fun scope _ -> ValueTask<_>(store.DeleteAll scope) }

        { driver with Place = DriverPlace.Process }
