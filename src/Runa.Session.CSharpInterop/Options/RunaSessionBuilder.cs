using Microsoft.Extensions.DependencyInjection;
using Microsoft.FSharp.Collections;

namespace Runa;

/// <summary>Registers the sessions of an application, and their drivers.</summary>
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

    /// <summary>
    /// Registers a session, or changes the options of a registered one. "web", "admin" and "api" are always registered.
    /// </summary>
    /// <param name="name">At most 64 letters, digits, <c>_</c>, <c>-</c> and <c>.</c></param>
    /// <param name="configure">
    /// Changes the session's options, which are the named options of this name. They are validated when the application
    /// starts.
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
    /// Sets the secrets that sign sessions, of at least 32 bytes each. They replace those of the configuration and the
    /// environment (<c>RUNA_SECRET</c>), which are better places for a secret.
    /// </summary>
    /// <param name="secret">Signs and verifies.</param>
    /// <param name="previousSecrets">Only verify, so that sessions signed by them stay valid.</param>
    /// <exception cref="ArgumentNullException">The current secret, or the array of previous ones, is null.</exception>
    /// <exception cref="ArgumentException">One of the previous secrets is null.</exception>
    public RunaSessionBuilder AddSecrets(string secret, params string[] previousSecrets)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(previousSecrets);

        if (previousSecrets.Contains(null))
        {
            throw new ArgumentException("One of the previous secrets is null.", nameof(previousSecrets));
        }

        return Change(setup => SessionSetupModule.secrets(ListModule.OfSeq([secret, .. previousSecrets]), setup));
    }

    /// <summary>
    /// Sets the application's name. Sessions are valid for one application only. Default: the host's application name.
    /// </summary>
    /// <param name="name">
    /// Applications that share sessions need the same name, or <see cref="RunaSessionOptions.Shared"/>.
    /// </param>
    /// <exception cref="ArgumentNullException">The name is null.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public RunaSessionBuilder SetApplicationName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Change(setup => SessionSetupModule.application(name, setup));
    }

    /// <summary>Sets how long one call to a driver may take before it counts as failed. Default: 5 seconds.</summary>
    /// <param name="timeout">More than zero, at most one day.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive, or longer than one day.</exception>
    public RunaSessionBuilder SetStoreTimeout(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, TimeSpan.FromDays(1));
        return Change(setup => SessionSetupModule.storeTimeout(timeout, setup));
    }

    /// <summary>
    /// Sets the clock of all sessions and of their drivers, for tests. Default: the registered
    /// <see cref="TimeProvider"/>.
    /// </summary>
    /// <param name="timeProvider">The clock.</param>
    /// <exception cref="ArgumentNullException">The clock is null.</exception>
    public RunaSessionBuilder SetTimeProvider(TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        return Change(setup => SessionSetupModule.timeProvider(timeProvider, setup));
    }

    internal SessionSetup Apply(SessionSetup setup) => _changes.Aggregate(setup, (all, change) => change(all));

    private RunaSessionBuilder Change(Func<SessionSetup, SessionSetup> change)
    {
        _changes.Add(change);
        return this;
    }
}
