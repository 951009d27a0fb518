using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Runa;

/// <summary>
/// Fills the options of a session before any code of the application does: with the defaults for its name, then from
/// the configuration. For "web" it then applies what code configured without a name.
/// </summary>
internal sealed class RunaSessionOptionsSetup(SessionRegistrations registrations, IServiceProvider services)
    : IConfigureNamedOptions<RunaSessionOptions>
{
    public void Configure(RunaSessionOptions options) => Configure(Microsoft.Extensions.Options.Options.DefaultName, options);

    public void Configure(string? name, RunaSessionOptions options)
    {
        if (!options.IsFilled)
        {
            Fill(string.IsNullOrEmpty(name) ? RunaSessionDefaults.Name : name, options);
        }

        if (name == RunaSessionDefaults.Name)
        {
            foreach (var other in services.GetServices<IConfigureOptions<RunaSessionOptions>>())
            {
                switch (other)
                {
                    case ConfigureNamedOptions<RunaSessionOptions> { Name: "" } unnamed:
                        unnamed.Configure(unnamed.Name, options);
                        break;
                    case IConfigureNamedOptions<RunaSessionOptions>:
                        break;
                    default:
                        other.Configure(options);
                        break;
                }
            }
        }
    }

    private void Fill(string session, RunaSessionOptions options)
    {
        var settings = SessionSettingsModule.defaults(session);

        if (registrations.ConfigurationOf(services)?.GetSection($"session:sessions:{session}") is { } section)
        {
            // The registry reports the mistakes in it, together with all others.
            settings = SessionSettingsModule.read(section, settings).Item1;
        }

        options.Fill(settings);
    }
}
