using Microsoft.Extensions.DependencyInjection;
using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSessionBuilder
{
    /// <summary>
    /// Registers a driver under the name by which <see cref="RunaSessionOptions.Driver"/> chooses it; an earlier one of this
    /// name is replaced. The drivers "memory", "cookie", "cache" and "sql" are registered from the start.
    /// </summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="create">Makes it from the application's services at startup; it is disposed with them.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver(string name, Func<IServiceProvider, SessionDriver> create)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(create);

        return Change(setup => SessionSetupModule.driverFrom(
            name,
            FuncConvert.FromFunc<IServiceProvider, SessionDriver>(services => create(services) ?? throw MadeNull(name)),
            setup));
    }

    /// <summary>As the other, with a driver that stays the caller's to dispose.</summary>
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

    /// <summary>As the other, with a driver written in C#.</summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="create">
    /// Makes it from the application's services at startup. <see cref="ISessionDriver.DisposeAsync"/> is called when the
    /// application ends.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver(string name, Func<IServiceProvider, ISessionDriver> create)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(create);

        return AddDriver(
            name,
            (Func<IServiceProvider, SessionDriver>)(services => (create(services) ?? throw MadeNull(name)).ToSessionDriver()));
    }

    /// <summary>As the other, with a driver written in C# that stays the caller's to dispose.</summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="driver">The driver.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    /// <exception cref="InvalidOperationException">It has no name, or no guarantee that there is.</exception>
    public RunaSessionBuilder AddDriver(string name, ISessionDriver driver)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(driver);
        return AddDriver(name, driver.ToSessionDriver());
    }

    /// <summary>
    /// As the other, with a driver written in C#: the service of this type where it is one, which its container disposes;
    /// otherwise made at startup with its constructor's parameters taken from the application's services, and disposed when
    /// the application ends.
    /// </summary>
    /// <typeparam name="TDriver">The class of the driver.</typeparam>
    /// <param name="name">The name of the driver.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddDriver<TDriver>(string name)
        where TDriver : class, ISessionDriver =>
        AddDriver(name, (Func<IServiceProvider, SessionDriver>)(services =>
            services.GetService<TDriver>() is { } service
                ? SessionDriverModule.withDispose(
                    FuncConvert.FromFunc(static () => default(ValueTask)),
                    service.ToSessionDriver())
                : ActivatorUtilities.CreateInstance<TDriver>(services).ToSessionDriver()));

    /// <summary>
    /// Registers another driver that keeps sessions in the memory of this process, or changes the bounds of the one named
    /// "memory". Each has a store of its own.
    /// </summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddMemoryDriver(string name, Action<MemoryDriverOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new MemoryDriverOptions();
        configure(options);
        return AddDriver(name, options.Create);
    }

    /// <summary>
    /// Registers another driver that keeps sessions in a table of SQLite or PostgreSQL, over the
    /// <see cref="System.Data.Common.DbDataSource"/> that is registered as a service, or changes the options of the one named
    /// "sql".
    /// </summary>
    /// <param name="name">The name of the driver.</param>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddSqlDriver(string name, Action<SqlDriverOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new SqlDriverOptions();
        configure(options);
        return AddDriver(name, options.Create);
    }

    private static InvalidOperationException MadeNull(string name) =>
        new($"The function that makes the driver \"{name}\" answered null.");
}
