using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSessionBuilder : ISessionDriverBuilder
{
    /// <summary>
    /// Registers a driver under the name by which <see cref="RunaSessionOptions.Driver"/> chooses it. It replaces an
    /// earlier driver of this name. The drivers "memory", "cookie", "cache" and "sql" are always registered.
    /// </summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="factory">
    /// Creates the driver from the application's services at startup. The driver is disposed together with them.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver(string name, Func<IServiceProvider, SessionDriver> factory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(factory);

        return Change(setup => SessionSetupModule.driverFrom(
            name,
            FuncConvert.FromFunc<IServiceProvider, SessionDriver>(services => factory(services) ?? throw MadeNull(name)),
            setup));
    }

    /// <summary>Like the other, with a driver that the caller disposes.</summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="driver">The driver.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver(string name, SessionDriver driver)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(driver);
        return Change(setup => SessionSetupModule.driver(name, driver, setup));
    }

    /// <summary>Like the other, with a driver written in C#.</summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="factory">
    /// Creates the driver from the application's services at startup. <see cref="ISessionDriver.DisposeAsync"/> is
    /// called when the application ends.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver(string name, Func<IServiceProvider, ISessionDriver> factory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(factory);

        return AddDriver(
            name,
            (Func<IServiceProvider, SessionDriver>)(services => (factory(services) ?? throw MadeNull(name)).ToSessionDriver()));
    }

    /// <summary>Like the other, with a driver written in C# that the caller disposes.</summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="driver">The driver.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">The driver has no name, or its guarantee is undefined.</exception>
    public RunaSessionBuilder AddDriver(string name, ISessionDriver driver)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(driver);
        return AddDriver(name, driver.ToSessionDriver());
    }

    /// <summary>
    /// Like the other, with a driver written in C#. If its class is registered as a service, that service is used, and
    /// its container disposes it. Otherwise the driver is created at startup, with its constructor's parameters from
    /// the application's services, and disposed when the application ends.
    /// </summary>
    /// <typeparam name="TDriver">The class of the driver.</typeparam>
    /// <param name="name">The name of the driver.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TDriver>(string name)
        where TDriver : class, ISessionDriver =>
        AddDriver(name, (Func<IServiceProvider, SessionDriver>)(services =>
            services.GetService<TDriver>() is { } service
                ? SessionDriverModule.withDispose(
                    FuncConvert.FromFunc(static () => default(ValueTask)),
                    service.ToSessionDriver())
                : ActivatorUtilities.CreateInstance<TDriver>(services).ToSessionDriver()));

    void ISessionDriverBuilder.AddDriver(string name, Func<IServiceProvider, SessionDriver> factory) =>
        AddDriver(name, factory);

    private static InvalidOperationException MadeNull(string name) =>
        new($"The function that creates the driver \"{name}\" returned null.");
}
