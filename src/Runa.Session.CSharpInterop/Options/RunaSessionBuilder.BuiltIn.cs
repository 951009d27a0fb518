namespace Runa;

public sealed partial class RunaSessionBuilder
{
    /// <summary>Changes the options of the driver "memory".</summary>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public RunaSessionBuilder AddMemoryDriver(Action<MemoryDriverOptions> configure) => AddMemoryDriver("memory", configure);

    /// <summary>
    /// Registers another driver that keeps sessions in the memory of this process, or changes the options of one. Each
    /// has a store of its own.
    /// </summary>
    /// <param name="name">The name by which <see cref="RunaSessionOptions.Driver"/> chooses it.</param>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddMemoryDriver(string name, Action<MemoryDriverOptions> configure) =>
        AddDriver(name, configure, options => options.Create);

    /// <summary>Changes the options of the driver "sql".</summary>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public RunaSessionBuilder AddSqlDriver(Action<SqlDriverOptions> configure) => AddSqlDriver("sql", configure);

    /// <summary>
    /// Registers another driver that keeps sessions in a table of SQLite or PostgreSQL, or changes the options of one. It
    /// uses the registered <see cref="System.Data.Common.DbDataSource"/>, or the one of
    /// <see cref="SqlDriverOptions.ServiceKey"/>.
    /// </summary>
    /// <param name="name">The name by which <see cref="RunaSessionOptions.Driver"/> chooses it.</param>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddSqlDriver(string name, Action<SqlDriverOptions> configure) =>
        AddDriver(name, configure, options => options.Create);

    /// <summary>Changes the options of the driver "cache".</summary>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public RunaSessionBuilder AddCacheDriver(Action<CacheDriverOptions> configure) => AddCacheDriver("cache", configure);

    /// <summary>
    /// Registers another driver that keeps sessions in a cache, or changes the options of one. It uses the registered
    /// <see cref="Microsoft.Extensions.Caching.Distributed.IDistributedCache"/>, or the one of
    /// <see cref="CacheDriverOptions.ServiceKey"/>.
    /// </summary>
    /// <param name="name">The name by which <see cref="RunaSessionOptions.Driver"/> chooses it.</param>
    /// <param name="configure">Changes its options.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddCacheDriver(string name, Action<CacheDriverOptions> configure) =>
        AddDriver(name, configure, options => options.Create);

    private RunaSessionBuilder AddDriver<TOptions>(
        string name,
        Action<TOptions> configure,
        Func<TOptions, Func<IServiceProvider, SessionDriver>> factory)
        where TOptions : new()
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new TOptions();
        configure(options);
        return AddDriver(name, factory(options));
    }
}
