namespace Runa.Session

open System
open System.Runtime.InteropServices
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Logging.Abstractions
open StackExchange.Redis

/// How the Redis driver keeps sessions.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type RedisDriverOptions =
    {
        /// What the names of all keys begin with. Applications whose prefixes differ never see each other's sessions.
        Prefix: string
        /// Whether writes are scripts.
        Scripting: RedisScripting
        /// The number of the database; -1: the connection's default.
        Database: int
        /// The clock that says what has expired: the one that the sessions have.
        TimeProvider: TimeProvider
        /// Told once when the server turns out not to run scripts, and when it evicts.
        LoggerFactory: ILoggerFactory
    }

/// Sessions in Redis, Valkey or Garnet: one round trip to read, compare-and-swap in one.
[<AbstractClass; Sealed>]
type RedisDriver =
    /// The prefix "runa:", scripts where the server runs them, the connection's default database, the system's clock.
    [<CompiledName "Defaults">]
    static member defaults: RedisDriverOptions =
        { Prefix = "runa:"
          Scripting = RedisScripting.Auto
          Database = -1
          TimeProvider = TimeProvider.System
          LoggerFactory = NullLoggerFactory.Instance }

    /// The options with these instead of the defaults, for C#: RedisDriver.Options(prefix: "shop:"). `scripts` false: writes
    /// are never scripts.
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

    /// On a connection of the application's, which stays open when the driver is disposed. Raises ArgumentException for
    /// a prefix that is not Unicode text or a database below -1.
    [<CompiledName "CreateWith">]
    static member createWith (options: RedisDriverOptions) (multiplexer: IConnectionMultiplexer) : SessionDriver =
        ArgumentNullException.ThrowIfNull multiplexer
        ArgumentNullException.ThrowIfNull options.Prefix

        if options.Prefix.EnumerateRunes() |> Seq.exists (fun rune -> rune = Text.Rune.ReplacementChar) then
            raise (ArgumentException("The prefix is not Unicode text: it holds half of a surrogate pair.", "Prefix"))

        if options.Database < -1 then
            raise (
                ArgumentOutOfRangeException(
                    "Database",
                    options.Database,
                    "A database has a number from 0; -1 stands for the connection's default."
                )
            )

        let log = options.LoggerFactory.CreateLogger "Runa.Session.RedisDriver"
        let database = multiplexer.GetDatabase options.Database
        let keys = RedisKeys(options.Prefix, multiplexer.HashSlot)

        let writes =
            RedisWrites(options.Scripting, RedisScripts(database, keys), RedisTransactions(database, keys), log)

        let store = RedisStore(database, keys, writes, options.TimeProvider)
        let servers = RedisServers(database, keys)
        let eviction = RedisEviction(servers, log)
        let epochs = RedisEpochs(database, keys, writes, eviction)
        let owners = RedisOwners(store, RedisSearch(store, servers), eviction)
        let ending = RedisEnding(store, servers, epochs, log)
        let call (answer: Task<'T>) = ValueTask<'T> answer

        /// The first call of any kind asks what the server does when memory is short.
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
            ValueTask((watched ((database.PingAsync()).WaitAsync token)).AsTask() :> Task))
        |> SessionDriver.withOwners
            { List = fun scope owner from token -> call (owners.List scope owner from token)
              Epoch = fun scope owner token -> call (epochs.Epoch scope owner token)
              Advance = fun scope owner token -> ValueTask(epochs.Advance scope owner token :> Task)
              DeleteAll = fun scope token -> call (ending.DeleteAll scope token) }

    /// On a connection of the application's, with the defaults.
    [<CompiledName "Create">]
    static member create(multiplexer: IConnectionMultiplexer) : SessionDriver =
        RedisDriver.createWith RedisDriver.defaults multiplexer

    /// On a connection of its own, which it closes when it is disposed, by StackExchange.Redis's configuration text:
    /// "localhost:6379,ssl=true,password=…". A server that is down is tried again until it answers: meanwhile the
    /// driver's functions raise. Raises ArgumentException for a text that is no configuration.
    [<CompiledName "ConnectWith">]
    static member connectWith (options: RedisDriverOptions) (configuration: string) : SessionDriver =
        let configuration = ConfigurationOptions.Parse configuration
        configuration.AbortOnConnectFail <- false
        // Promise 5: else the message of a timeout shows keys and more.
        configuration.IncludeDetailInExceptions <- false
        // Else the client itself refuses to ask the server whether it evicts, where it runs no scripts.
        configuration.AllowAdmin <- true
        let multiplexer = ConnectionMultiplexer.Connect configuration

        RedisDriver.createWith options multiplexer |> SessionDriver.withDispose multiplexer.DisposeAsync

    /// On a connection of its own, with the defaults.
    [<CompiledName "Connect">]
    static member connect(configuration: string) : SessionDriver =
        RedisDriver.connectWith RedisDriver.defaults configuration

    /// On the IConnectionMultiplexer, TimeProvider and ILoggerFactory of the host's services: for
    /// SessionSetup.driverFrom "redis" RedisDriver.fromServices. Raises SessionConfigurationException where no
    /// IConnectionMultiplexer is registered.
    [<CompiledName "FromServices">]
    static member fromServices(services: IServiceProvider) : SessionDriver =
        RedisDriver.fromServicesWith RedisDriver.defaults services

    /// The same with other options: a clock and loggers that are not those of the defaults stay.
    [<CompiledName "FromServicesWith">]
    static member fromServicesWith (options: RedisDriverOptions) (services: IServiceProvider) : SessionDriver =
        let orService (option: 'T) (fallback: 'T) =
            match services.GetService<'T>() with
            | null -> option
            | service when Object.ReferenceEquals(option, fallback) -> service
            | _ -> option

        match services.GetService<IConnectionMultiplexer>() with
        | null ->
            raise (
                SessionConfigurationException
                    [ "no IConnectionMultiplexer is registered. Register one, as in services.AddSingleton<IConnectionMultiplexer>(fun _ -> ConnectionMultiplexer.Connect \"localhost,abortConnect=false\"), or give the driver a connection of its own by RedisDriver.connect." ]
            )
        | multiplexer ->
            multiplexer
            |> RedisDriver.createWith
                { options with
                    TimeProvider = orService options.TimeProvider TimeProvider.System
                    LoggerFactory = orService options.LoggerFactory NullLoggerFactory.Instance }
