namespace Runa.Session

open System
open System.Threading.Tasks
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions

/// Options of the memory driver.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type MemoryDriverOptions =
    {
        /// The most sessions. Beyond it, sessions are evicted: expired ones first, then those of visitors who are not
        /// signed in. Sessions of signed-in users are evicted only for sessions of signed-in users. A store full of
        /// signed-in users also holds one session of a visitor, and one of a user, beyond this number. Default:
        /// 100,000.
        MaxSessions: int
        /// About how many bytes of memory all sessions may take as they are kept: packed, with text as UTF-8, about 100
        /// bytes for each beside its content. The sessions loaded most, at most 16,384, are kept unpacked, too, which
        /// may take an eighth more. In a store full of signed-in users, the one visitor's session may take an eighth
        /// more. Default: 256 MiB.
        MaxBytes: int64
        /// The clock that decides what has expired.
        TimeProvider: TimeProvider
        /// Where to log, at most once a minute, that sessions of signed-in users were evicted, or that sessions of
        /// visitors were evicted because signed-in users fill the store.
        LoggerFactory: ILoggerFactory
    }

/// The driver "memory", the default, keeps sessions in the memory of this process. They are gone when it ends. It is
/// for development, and for applications of one process.
[<AbstractClass; Sealed>]
type MemoryDriver =
    /// The default options: 100,000 sessions, 256 MiB, the system's clock.
    [<CompiledName "Defaults">]
    static member defaults: MemoryDriverOptions =
        { MaxSessions = 100_000
          MaxBytes = 256L * 1024L * 1024L
          TimeProvider = TimeProvider.System
          LoggerFactory = NullLoggerFactory.Instance }

    /// Creates a driver with a store of its own and the default options.
    [<CompiledName "Create">]
    static member create() : SessionDriver = MemoryDriver.create MemoryDriver.defaults

    /// Creates a driver with a store of its own, the default options and this clock, for tests.
    [<CompiledName "Create">]
    static member create(clock: TimeProvider) : SessionDriver =
        MemoryDriver.create { MemoryDriver.defaults with TimeProvider = clock }

    /// Creates a driver with a store of its own. Raises ArgumentOutOfRangeException for a bound that is not positive.
    [<CompiledName "Create">]
    static member create(options: MemoryDriverOptions) : SessionDriver =
        if options.MaxSessions < 1 then
            raise (ArgumentOutOfRangeException("MaxSessions", options.MaxSessions, "MaxSessions must be at least 1."))

        if options.MaxBytes < 1L then
            raise (ArgumentOutOfRangeException("MaxBytes", options.MaxBytes, "MaxBytes must be at least 1."))

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
            |> SessionDriver.withCount (fun scope _ -> ValueTask<_>(store.CountLive scope))
            |> SessionDriver.withUsage (fun () -> store.Usage)
            |> SessionDriver.withOwners
                { List = fun scope owner from _ -> ValueTask<_>(store.List(scope, owner, from, 100))
                  Epoch = fun scope owner _ -> ValueTask<_>(owners.Epoch(scope, owner))
                  Advance =
                    fun scope owner _ ->
                        owners.Advance(scope, owner)
                        ValueTask()
                  DeleteAll = fun scope _ -> ValueTask<_>(store.DeleteAll scope) }

        { driver with Place = DriverPlace.Process }
