namespace Runa

open System
open System.Runtime.CompilerServices
open Microsoft.Extensions.DependencyInjection
open Runa.Session
open StackExchange.Redis

/// Options of a driver that keeps sessions in Redis, Valkey or Garnet, for C#.
[<Sealed>]
type RedisDriverOptions() =
    /// The server, as StackExchange.Redis takes it: "localhost:6379,ssl=true,password=…". The driver then has a
    /// connection of its own, which is closed with the application. Default: null; it uses the registered
    /// IConnectionMultiplexer.
    member val Configuration: string | null = null with get, set

    /// The key of the service, if the IConnectionMultiplexer is registered as a keyed service. Default: null; it is
    /// registered without a key.
    member val ServiceKey: string | null = null with get, set

    /// The prefix of all keys. Applications with different prefixes never see each other's sessions. Default: "runa:".
    member val Prefix: string = RedisDriver.defaults.Prefix with get, set

    /// The number of the database. Default: -1, the connection's own.
    member val Database: int = RedisDriver.defaults.Database with get, set

    /// Whether the driver writes by scripts, if the server runs them. Default: true. Without them a change takes one more
    /// trip, and needs Redis 7 or newer.
    member val Scripts: bool = true with get, set

    member internal this.Create(services: IServiceProvider) : SessionDriver =
        let options =
            RedisDriver.options (this.Prefix, this.Database, this.Scripts) |> RedisDriver.Within services

        match this.Configuration, this.ServiceKey with
        | null, null -> RedisDriver.fromServicesWith options services
        | NonNull configuration, null -> RedisDriver.connectWith options configuration
        | null, NonNull key ->
            let found =
                match services with
                | :? IKeyedServiceProvider as keyed -> keyed.GetKeyedService(typeof<IConnectionMultiplexer>, key)
                | _ -> null

            match found with
            | :? IConnectionMultiplexer as multiplexer -> RedisDriver.createWith options multiplexer
            | _ ->
                raise (
                    SessionConfigurationException
                        [ $"no IConnectionMultiplexer is registered as the keyed service \"{key}\". Call services.AddKeyedSingleton<IConnectionMultiplexer>(\"{key}\", …)." ]
                )
        | _ ->
            raise (
                SessionConfigurationException
                    [ "RedisDriverOptions.Configuration and ServiceKey are both set. Set Configuration for a connection of the driver's own, or ServiceKey for a registered one." ]
            )

/// Registers Redis, Valkey or Garnet as a driver of sessions, in C#: `AddRunaSession(sessions => sessions.AddRedisDriver(…))`.
[<Extension; AbstractClass; Sealed>]
type RedisDriverExtensions =
    /// Registers the driver of this name, which RunaSessionOptions.Driver then chooses. Raises ArgumentNullException if an
    /// argument is null, and ArgumentException if the name is empty. The options are checked at startup.
    [<Extension>]
    static member AddRedisDriver<'TBuilder
        when 'TBuilder :> ISessionDriverBuilder and 'TBuilder: not null and 'TBuilder: not struct>
        (builder: 'TBuilder, name: string, configure: Action<RedisDriverOptions>)
        : 'TBuilder =
        ArgumentNullException.ThrowIfNull(builder, nameof builder)
        ArgumentException.ThrowIfNullOrEmpty(name, nameof name)
        ArgumentNullException.ThrowIfNull(configure, nameof configure)
        let options = RedisDriverOptions()
        configure.Invoke options
        builder.AddDriver(name, Func<IServiceProvider, SessionDriver>(options.Create))
        builder

    /// Registers the driver "redis" with options.
    [<Extension>]
    static member AddRedisDriver<'TBuilder
        when 'TBuilder :> ISessionDriverBuilder and 'TBuilder: not null and 'TBuilder: not struct>
        (builder: 'TBuilder, configure: Action<RedisDriverOptions>)
        : 'TBuilder =
        RedisDriverExtensions.AddRedisDriver(builder, "redis", configure)

    /// Registers the driver "redis" on the registered IConnectionMultiplexer.
    [<Extension>]
    static member AddRedisDriver<'TBuilder
        when 'TBuilder :> ISessionDriverBuilder and 'TBuilder: not null and 'TBuilder: not struct>
        (builder: 'TBuilder)
        : 'TBuilder =
        RedisDriverExtensions.AddRedisDriver(builder, "redis", Action<RedisDriverOptions>(ignore))
