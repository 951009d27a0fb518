namespace Runa.Session

open System
open System.Runtime.CompilerServices
open System.Threading.Tasks
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.OutputCaching
open Microsoft.AspNetCore.ResponseCaching
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.DependencyInjection.Extensions
open Microsoft.Extensions.Hosting
open Microsoft.Extensions.Logging
open Microsoft.Extensions.Options
open Runa.Session.Hosting

/// One call of AddRunaSession.
[<Sealed>]
type internal SetupStep(change: IServiceProvider -> SessionSetup -> SessionSetup) =
    member _.Change = change

/// Options whose validation builds the registry when the host starts, before any server listens. So a mistake keeps the
/// application from starting.
[<Sealed>]
type internal RegistryAtStart() = class end

/// Finds those who listen to events when the host starts, since the services can be gone when the first event is told. Lets
/// them hear all of them when the host stops: services that listen are made after the registry, so they would be disposed
/// before it.
[<Sealed>]
type internal EventsOfHost(services: IServiceProvider) =
    let mutable started: SessionRegistry | null = null

    interface IHostedService with
        // Not before: mistakes in the settings are told when the host validates its options.
        member _.StartAsync _ =
            let registry = services.GetRequiredService<SessionRegistry>()
            HostedRegistry.findListeners registry
            started <- registry
            Task.CompletedTask

        member _.StopAsync token =
            match started with
            | null -> Task.CompletedTask
            | registry -> HostedRegistry.settle token registry

module internal Registration =
    let private parts (services: IServiceProvider) : HostParts =
        let environment = services.GetService<IHostEnvironment>() |> Option.ofObj

        { Services = services
          Configuration = services.GetService<IConfiguration>() |> Option.ofObj
          Application = environment |> Option.map _.ApplicationName
          IsDevelopment = environment |> Option.map _.IsDevelopment()
          Clock = services.GetService<TimeProvider>() |> Option.ofObj
          Loggers = services.GetService<ILoggerFactory>() |> Option.ofObj }

    let private build (services: IServiceProvider) : SessionRegistry =
        services.GetServices<SetupStep>()
        |> Seq.fold (fun setup step -> step.Change services setup) SessionSetup.empty
        |> HostedRegistry.build (parts services)

    let add (services: IServiceCollection) (change: IServiceProvider -> SessionSetup -> SessionSetup) =
        services.AddSingleton<SetupStep>(SetupStep change) |> ignore
        services.TryAddSingleton<TimeProvider>(TimeProvider.System)
        services.AddLogging() |> ignore
        services.TryAddSingleton<SessionRegistry>(Func<IServiceProvider, SessionRegistry> build)
        services.TryAddSingleton<SessionHost>()
        services.AddOptions<RegistryAtStart>().Configure<SessionRegistry>(fun _ _ -> ()).ValidateOnStart()
        |> ignore
        services.TryAddEnumerable(
            [ ServiceDescriptor.Singleton<IHostedService, EventsOfHost>()
              ServiceDescriptor.Singleton<IStartupFilter, RegistryMiddleware>()
              ServiceDescriptor.Singleton<IPostConfigureOptions<OutputCacheOptions>, SessionCachePolicySetup>()
              ServiceDescriptor.Singleton<IPostConfigureOptions<ResponseCachingOptions>, ResponseCachingWatch>() ]
        )
        services

/// Registers sessions with a host.
[<AutoOpen>]
module ServiceCollectionExtensions =
    type IServiceCollection with

        /// Registers the sessions of the application. Mistakes keep the host from starting, with a
        /// SessionConfigurationException that names all of them. The secret comes from the environment (RUNA_SECRET),
        /// unless SessionSetup.secrets sets it. Another call extends the earlier ones.
        member services.AddRunaSession(setup: SessionSetup -> SessionSetup) : IServiceCollection =
            Registration.add services (fun _ -> setup)

        /// Registers the sessions of a finished setup, such as one that scripts of the application use, too. Calls after
        /// it extend it. Raises InvalidOperationException after another call, whose sessions would be lost.
        member services.AddRunaSession(setup: SessionSetup) : IServiceCollection =
            if services |> Seq.exists (fun service -> service.ServiceType = typeof<SetupStep>) then
                raise (
                    InvalidOperationException
                        "AddRunaSession was called before with other sessions, which a finished setup would replace. Call it with the finished setup first, or give it a function that extends what is there."
                )

            Registration.add services (fun _ _ -> setup)

        /// Registers the sessions with the settings of the configuration: `session:sessions:<name>`, `app:secret` and
        /// the like.
        member services.AddRunaSession(configuration: IConfiguration) : IServiceCollection =
            Registration.add services (fun _ -> SessionSetup.configuration configuration)

        /// Like the first, but also reads `session:sessions:<name>`, `app:secret` and the like from the configuration.
        /// What the code sets wins.
        member services.AddRunaSession
            (configuration: IConfiguration, setup: SessionSetup -> SessionSetup)
            : IServiceCollection =
            Registration.add services (fun _ -> SessionSetup.configuration configuration >> setup)
