using Microsoft.Extensions.DependencyInjection;
using Microsoft.FSharp.Collections;

namespace Runa;

/// <summary>Which sessions an application has, and on which drivers.</summary>
public sealed partial class RunaSessionBuilder
{
    private readonly SessionRegistrations _registrations;
    private readonly List<Func<SessionSetup, SessionSetup>> _changes = [];

    internal RunaSessionBuilder(IServiceCollection services, SessionRegistrations registrations)
    {
        Services = services;
        _registrations = registrations;
    }

    /// <summary>The services of the application, for extensions of this builder.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Registers a session. "web", "admin" and "api" are registered from the start.</summary>
    /// <param name="name">Letters, digits, <c>_</c>, <c>-</c> and <c>.</c>, at most 64.</param>
    /// <param name="configure">
    /// Changes its options, which are named options of this name: they are validated when the application starts.
    /// </param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder AddSession(string name, Action<RunaSessionOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        _registrations.Names.Add(name);

        if (configure is not null)
        {
            Services.Configure(name, configure);
        }

        return this;
    }

    /// <summary>
    /// Sets the secrets by which sessions are signed; at least 32 bytes each. They win over those of the configuration and
    /// the environment (<c>RUNA_SECRET</c>), where they are better kept.
    /// </summary>
    /// <param name="current">Signs, and verifies.</param>
    /// <param name="previous">Verify: sessions signed by them go on.</param>
    /// <exception cref="ArgumentNullException">The current secret, or the array of previous ones, is null.</exception>
    /// <exception cref="ArgumentException">One of the previous secrets is null.</exception>
    public RunaSessionBuilder AddSecrets(string current, params string[] previous)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(previous);

        if (previous.Contains(null))
        {
            throw new ArgumentException("One of the previous secrets is null.", nameof(previous));
        }

        return Change(setup => SessionSetupModule.secrets(ListModule.OfSeq([current, .. previous]), setup));
    }

    /// <summary>Sets the name for which sessions are good. Default: the host's application name.</summary>
    /// <param name="name">Applications that are to share sessions need the same, or <see cref="RunaSessionOptions.Shared"/>.</param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder SetApplicationName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Change(setup => SessionSetupModule.application(name, setup));
    }

    /// <summary>Sets how long one call to a driver may take before it counts as failed. Default: 5 seconds.</summary>
    /// <param name="limit">More than zero, at most one day.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or longer.</exception>
    public RunaSessionBuilder SetStoreTimeout(TimeSpan limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, TimeSpan.FromDays(1));
        return Change(setup => SessionSetupModule.storeTimeout(limit, setup));
    }

    internal SessionSetup Apply(SessionSetup setup) => _changes.Aggregate(setup, (all, change) => change(all));

    private RunaSessionBuilder Change(Func<SessionSetup, SessionSetup> change)
    {
        _changes.Add(change);
        return this;
    }
}
