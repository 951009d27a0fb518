namespace Runa.Session.Hosting

open System
open System.Diagnostics.Metrics
open System.Threading
open System.Threading.Tasks
open Microsoft.Extensions.Configuration
open Microsoft.Extensions.Logging
open Runa.Session

/// What a host contributes to a registry. None: as without a host.
[<NoComparison; NoEquality>]
type HostParts =
    {
        /// For drivers that need services. If they have an IMeterFactory, it makes the meter.
        Services: IServiceProvider
        /// The name of the application, which separates its sessions from those of others.
        Application: string option
        /// The host's configuration. Settings are read from it only if the setup was given it.
        Configuration: IConfiguration option
        /// Whether to log hints for developers, and to make up a secret if none is set.
        IsDevelopment: bool option
        /// The clock for all lifetimes, unless the setup has one.
        Clock: TimeProvider option
        /// Where log lines go, unless the setup says it.
        Loggers: ILoggerFactory option
    }

/// What a host does with a registry.
[<RequireQualifiedAccess>]
module HostedRegistry =
    /// Builds a registry. Raises SessionConfigurationException with all mistakes in the setup.
    let build (host: HostParts) (setup: SessionSetup) : SessionRegistry =
        RegistryBuilder.build setup (fun parts ->
            let bare = RegistryBuilder.noHost parts

            { Services = host.Services
              Configuration = host.Configuration
              Application = defaultArg host.Application bare.Application
              IsDevelopment = defaultArg host.IsDevelopment bare.IsDevelopment
              Clock = defaultArg host.Clock bare.Clock
              Loggers = defaultArg host.Loggers bare.Loggers
              Meters = host.Services.GetService typeof<IMeterFactory> |> tryUnbox |> Option.toObj })

    /// A new scope for the session with this name in a request, which is not loaded yet. Raises
    /// InvalidOperationException for a name that is not registered, and ArgumentNullException without a host.
    let scope (name: string) (host: IScopeHost) (registry: SessionRegistry) : SessionScope =
        ArgumentNullException.ThrowIfNull host
        SessionScope(registry.Find name, host)

    /// Makes the services that listen to events now, rather than at the first event. For a host that starts: the services of
    /// one that is disposed without being stopped are gone when that event is told.
    let findListeners (registry: SessionRegistry) : unit = registry.FindListeners()

    /// Waits up to 5 seconds until all events have been told. For a host that stops, before it disposes those who listen. The
    /// token ends the wait.
    let settle (token: CancellationToken) (registry: SessionRegistry) : Task = registry.Settle token

    /// Whether a session of this registry must know when a request came: the token of one is rotated.
    let needsArrival (registry: SessionRegistry) : bool = registry.NeedsArrival

    /// The time by the registry's clock.
    let now (registry: SessionRegistry) : DateTimeOffset = registry.Now

    /// Why there is no session of this name: what is wrong, and which names are known. None: there is one.
    let problem (name: string) (registry: SessionRegistry) : string option =
        let known = registry.Definitions |> List.map _.Name

        if List.contains name known then
            None
        else
            Some $"there is {Nearest.noSession known name}"

    /// ` Did you mean "web"?`, if one of the known names is near the wrong one; otherwise an empty text.
    let didYouMean (known: string seq) (wrong: string) : string = Nearest.hint known wrong
