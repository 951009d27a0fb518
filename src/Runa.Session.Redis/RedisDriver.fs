namespace Runa.Session

open System
open Microsoft.Extensions.Logging

/// Options of the Redis driver.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type RedisDriverOptions =
    {
        /// The prefix of all keys. Applications with different prefixes never see each other's sessions.
        Prefix: string
        /// Whether the driver writes by scripts.
        Scripting: RedisScripting
        /// The number of the database. -1: the connection's default.
        Database: int
        /// The clock that decides what has expired. It must be the clock of the sessions.
        TimeProvider: TimeProvider
        /// Where to log, once each, that the server does not run scripts, and that it evicts keys.
        LoggerFactory: ILoggerFactory
    }

namespace Runa

open System
open System.Runtime.InteropServices
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions
open Runa.Session
open StackExchange.Redis

/// The driver "redis" keeps sessions in Redis, Valkey or Garnet. A read is one round trip, and so is a
/// compare-and-swap.
[<AbstractClass; Sealed>]
type RedisDriver =
    /// The default options: the prefix "runa:", scripts if the server runs them, the connection's default database, the
    /// system's clock.
    [<CompiledName "Defaults">]
    static member defaults: RedisDriverOptions =
        { Prefix = "runa:"
          Scripting = RedisScripting.Auto
          Database = -1
          TimeProvider = TimeProvider.System
          LoggerFactory = NullLoggerFactory.Instance }

    /// The default options with some changes, for C#: RedisDriver.Options(prefix: "shop:"). If `scripts` is false, the
    /// driver never writes by scripts.
    [<CompiledName "Options">]
    static member options
        (
            [<Optional; DefaultParameterValue("runa:")>] prefix: string,
            [<Optional; DefaultParameterValue(-1)>] database: int,
            [<Optional; DefaultParameterValue(true)>] scripts: bool
        ) : RedisDriverOptions =
        { RedisDriver.defaults with
            Prefix = prefix
            Database = database
            Scripting = if scripts then RedisScripting.Auto else RedisScripting.Never }

    /// Creates a driver on a connection of the application, which stays open when the driver is disposed. Raises
    /// ArgumentException for a prefix that is not Unicode text, and for a database below -1.
    [<CompiledName "CreateWith">]
    static member createWith (options: RedisDriverOptions) (multiplexer: IConnectionMultiplexer) : SessionDriver =
        ArgumentNullException.ThrowIfNull multiplexer
        ArgumentNullException.ThrowIfNull options.Prefix

        if options.Prefix.EnumerateRunes() |> Seq.exists (fun rune -> rune = Text.Rune.ReplacementChar) then
            raise (ArgumentException("The prefix is not valid Unicode: it has a lone surrogate.", "Prefix"))

        if options.Database < -1 then
            raise (
                ArgumentOutOfRangeException(
                    "Database",
                    options.Database,
                    "The number of a database must be at least 0, or -1 for the connection's default."
                )
            )

        let log = options.LoggerFactory.CreateLogger "Runa.Session.RedisDriver"
        let database = multiplexer.GetDatabase options.Database
        let keys = RedisKeys options.Prefix

        let refusals = RedisRefusals(options.Scripting, log)
        let transactions = RedisTransactions(database, keys)
        let scripts = RedisScripts(database, keys, refusals, transactions)
        let writes = RedisWrites(refusals, scripts, transactions)
        let store = RedisStore(database, keys, writes, options.TimeProvider)
        let servers = RedisServers(database, keys)
        let eviction = RedisEviction(servers, log)
        let epochs = RedisEpochs(database, keys, writes, eviction)
        let owners = RedisOwners(store, RedisSearch(store, servers), eviction)
        let ending = RedisEnding(store, servers, epochs, log)
        let counting = RedisCounting(store, servers)
        let call (answer: Task<'T>) = ValueTask<'T> answer

        /// The first load, create or ping also asks what the server does when memory is short.
        let watched (answer: Task<'T>) =
            eviction.Watch()
            ValueTask<'T> answer

        SessionDriver.create
            "redis"
            (fun key token -> watched (store.Load key token))
            (fun key record token -> watched (store.Create key record token))
            (fun key version record token -> call (store.Replace key version record token))
            (fun key idleExpiresAt token -> call (store.Touch key idleExpiresAt token))
            (fun key token -> call (store.Delete key token))
        |> SessionDriver.withDeleteMany (fun wanted token -> call (store.DeleteMany wanted token))
        |> SessionDriver.withRefusals RedisErrors.isRefusal
        |> SessionDriver.withPing (fun token ->
            ValueTask((watched ((database.PingAsync CommandFlags.DemandMaster).WaitAsync token)).AsTask() :> Task))
        |> SessionDriver.withCount (fun scope token -> call (counting.Count scope token))
        |> SessionDriver.withOwners
            { List = fun scope owner from token -> call (owners.List scope owner from token)
              Epoch = fun scope owner token -> call (epochs.Epoch scope owner token)
              Advance = fun scope owner token -> ValueTask(epochs.Advance scope owner token :> Task)
              DeleteAll = fun scope token -> call (ending.DeleteAll scope token) }

    /// Creates a driver on a connection of the application, with the default options.
    [<CompiledName "Create">]
    static member create(multiplexer: IConnectionMultiplexer) : SessionDriver =
        RedisDriver.createWith RedisDriver.defaults multiplexer

    /// Creates a driver with a connection of its own, which it closes when it is disposed. The configuration is the
    /// text of StackExchange.Redis: "localhost:6379,ssl=true,password=…". If the server is down, the driver tries again
    /// until it answers; meanwhile its functions raise. Raises ArgumentException for an invalid configuration.
    [<CompiledName "ConnectWith">]
    static member connectWith (options: RedisDriverOptions) (configuration: string) : SessionDriver =
        let configuration = ConfigurationOptions.Parse configuration
        configuration.AbortOnConnectFail <- false
        // Promise 5: otherwise the message of a timeout contains keys and more.
        configuration.IncludeDetailInExceptions <- false
        // Otherwise the client refuses to ask a server that runs no scripts whether it evicts.
        configuration.AllowAdmin <- true
        let multiplexer = ConnectionMultiplexer.Connect configuration

        RedisDriver.createWith options multiplexer |> SessionDriver.withDispose multiplexer.DisposeAsync

    /// Creates a driver with a connection of its own and the default options.
    [<CompiledName "Connect">]
    static member connect(configuration: string) : SessionDriver =
        RedisDriver.connectWith RedisDriver.defaults configuration

    /// Creates a driver on the registered IConnectionMultiplexer, TimeProvider and ILoggerFactory, for
    /// SessionSetup.driverFrom "redis" RedisDriver.fromServices. Raises SessionConfigurationException if no
    /// IConnectionMultiplexer is registered.
    [<CompiledName "FromServices">]
    static member fromServices(services: IServiceProvider) : SessionDriver =
        RedisDriver.fromServicesWith RedisDriver.defaults services

    /// The options with the registered clock and loggers in place of the defaults.
    static member internal Within (services: IServiceProvider) (options: RedisDriverOptions) : RedisDriverOptions =
        let orService (option: 'T) (fallback: 'T) =
            match services.GetService<'T>() with
            | null -> option
            | service when Object.ReferenceEquals(option, fallback) -> service
            | _ -> option

        { options with
            TimeProvider = orService options.TimeProvider TimeProvider.System
            LoggerFactory = orService options.LoggerFactory NullLoggerFactory.Instance }

    /// Like fromServices, with other options. A clock or loggers that the options set are used in place of the
    /// registered ones.
    [<CompiledName "FromServicesWith">]
    static member fromServicesWith (options: RedisDriverOptions) (services: IServiceProvider) : SessionDriver =
        match services.GetService<IConnectionMultiplexer>() with
        | null ->
            raise (
                SessionConfigurationException
                    [ "no IConnectionMultiplexer is registered. Register one, as in services.AddSingleton<IConnectionMultiplexer>(fun _ -> ConnectionMultiplexer.Connect \"localhost,abortConnect=false\"), or give the driver a connection of its own by RedisDriver.connect (in C#: Connect)." ]
            )
        | multiplexer -> RedisDriver.createWith (RedisDriver.Within services options) multiplexer

namespace Runa.Session

/// The driver "redis" keeps sessions in Redis, Valkey or Garnet. A read is one round trip, and so is a
/// compare-and-swap.
type RedisDriver = Runa.RedisDriver
