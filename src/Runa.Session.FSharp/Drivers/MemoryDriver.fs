namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions

/// Bounds of the memory driver.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type MemoryDriverOptions =
    {
        /// Over it, sessions are evicted, strangers before signed-in users.
        MaxSessions: int
        /// About how many bytes of memory all sessions together may take.
        MaxBytes: int64
        /// The clock that says what has expired.
        TimeProvider: TimeProvider
        /// Told when a signed-in user's session is evicted.
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
                (fun key idleEnd _ -> ValueTask<_>(store.Touch(key, idleEnd)))
                (fun key _ -> ValueTask<_>(store.Delete key))
            |> SessionDriver.withPurge (fun _ -> ValueTask<_>(store.PurgeExpired()))
            |> SessionDriver.withOwners
                { List = fun scope owner from _ -> ValueTask<_>(store.List(scope, owner, from, 100))
                  Epoch =
                    fun scope owner _ ->
                        ValueTask<_>({ Number = owners.Epoch(scope, owner); Age = TimeSpan.MaxValue }: OwnerEpoch)
                  Advance =
                    fun scope owner _ ->
                        owners.Advance(scope, owner)
                        ValueTask()
                  DeleteAll = fun scope _ -> ValueTask<_>(store.DeleteAll scope) }

        { driver with InProcess = true }
