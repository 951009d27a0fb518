using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Runa.Session;

/// <summary>What the options of a session are before any code: the defaults of its name, then the configuration.</summary>
internal sealed class RunaSessionOptionsSetup(SessionRegistrations registrations) : IConfigureNamedOptions<RunaSessionOptions>
{
    public void Configure(RunaSessionOptions options) => Configure(RunaSessionDefaults.Name, options);

    public void Configure(string? name, RunaSessionOptions options)
    {
        if (options.IsFilled)
        {
            return;
        }

        var session = string.IsNullOrEmpty(name) ? RunaSessionDefaults.Name : name;
        var settings = SessionSettingsModule.defaults(session);

        if (registrations.Configuration?.GetSection($"session:sessions:{session}") is { } section)
        {
            // Its mistakes are told by the registry, with all others.
            settings = SettingReaders.read(section, settings).Item1;
        }

        options.Fill(settings);
    }
}
