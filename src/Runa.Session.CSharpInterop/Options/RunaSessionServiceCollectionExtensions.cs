using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Runa;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Sessions for the services of a host.</summary>
public static class RunaSessionServiceCollectionExtensions
{
    /// <summary>
    /// Registers the sessions of the application. Mistakes keep the host from starting, with a
    /// <see cref="SessionConfigurationException"/> (an <see cref="OptionsValidationException"/>) that names all of
    /// them. Reads <c>session:sessions:NAME</c>, <c>app:secret</c> and the like from the host's configuration; what
    /// code sets wins. Another call extends the earlier ones.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Adds sessions and drivers, and changes the sessions "web", "admin" and "api".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddRunaSession(
        this IServiceCollection services,
        Action<RunaSessionBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, null, configure);
    }

    /// <summary>Registers the sessions "web", "admin" and "api", with the settings of the host's configuration.</summary>
    /// <param name="services">The services of the application.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddRunaSession(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Add(services, null, null);
    }

    /// <summary>Like the other, but reads this configuration instead of the host's.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configuration">Usually the application's whole configuration.</param>
    /// <param name="configure">Adds sessions and drivers, and changes the sessions "web", "admin" and "api".</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddRunaSession(
        this IServiceCollection services,
        IConfiguration configuration,
        Action<RunaSessionBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, configuration, configure);
    }

    /// <summary>Registers the sessions "web", "admin" and "api", with the settings of this configuration.</summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configuration">Usually the application's whole configuration.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static IServiceCollection AddRunaSession(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, configuration, null);
    }

    private static IServiceCollection Add(
        IServiceCollection services,
        IConfiguration? configuration,
        Action<RunaSessionBuilder>? configure)
    {
        var registrations = RegistrationsOf(services);
        registrations.Configuration = configuration ?? registrations.Configuration;
        var builder = new RunaSessionBuilder(services, registrations);
        configure?.Invoke(builder);

        return services.AddSessionSetup((_, setup) => builder.Apply(setup));
    }

    private static SessionRegistrations RegistrationsOf(IServiceCollection services)
    {
        if (services.LastOrDefault(service => service.ServiceType == typeof(SessionRegistrations))
            is { ImplementationInstance: SessionRegistrations found })
        {
            return found;
        }

        var registrations = new SessionRegistrations();
        services.AddSingleton(registrations);
        services.AddOptions();
        // Before what the application has configured so far.
        services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<RunaSessionOptions>, RunaSessionOptionsSetup>());
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<RunaSessionOptions>, RunaSessionOptionsValidation>());
        services.TryAddSingleton(provider => new RunaSessions(provider.GetRequiredService<SessionRegistry>()));
        services.AddSessionSetup(registrations.Apply);
        return registrations;
    }
}
