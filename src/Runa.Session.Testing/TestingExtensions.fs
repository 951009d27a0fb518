namespace Runa.Testing

open System
open System.Runtime.CompilerServices
open Microsoft.Extensions.DependencyInjection
open Microsoft.Extensions.Hosting
open Runa.Session

/// Changes the sessions of the application that is tested, after its own registrations: in ConfigureTestServices of
/// WebApplicationFactory, or where the test builds its host.
[<Extension; AbstractClass; Sealed>]
type SessionTestingExtensions =
    /// Gives the sessions and their drivers this clock: a TestClock, a FakeTimeProvider, or any other. The rest of the
    /// application keeps its own.
    [<Extension>]
    static member UseSessionClock(services: IServiceCollection, timeProvider: TimeProvider) : IServiceCollection =
        ArgumentNullException.ThrowIfNull(services, nameof services)
        ArgumentNullException.ThrowIfNull(timeProvider, nameof timeProvider)
        services.AddSessionSetup(fun _ setup -> SessionSetup.timeProvider timeProvider setup)

    /// Puts this driver in the place of the application's driver of this name, such as "memory" or "redis". The test disposes
    /// it, if it must be. If no session uses a driver of this name, the start of the application raises
    /// InvalidOperationException, which names those in use.
    [<Extension>]
    static member UseFaultyDriver
        (services: IServiceCollection, name: string, driver: FaultyDriver)
        : IServiceCollection =
        ArgumentNullException.ThrowIfNull(services, nameof services)
        ArgumentException.ThrowIfNullOrEmpty(name, nameof name)
        ArgumentNullException.ThrowIfNull(driver, nameof driver)

        services.AddSingleton<IHostedService>(fun services ->
            FaultyDriverCheck(name, services.GetRequiredService<SessionRegistry>()) :> IHostedService)
        |> ignore

        services.AddSessionSetup(fun _ setup -> SessionSetup.driver name driver.Driver setup)
