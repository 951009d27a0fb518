using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Runa.Session;

/// <summary>What all calls of AddRunaSession on one collection of services registered.</summary>
internal sealed class SessionRegistrations
{
    public IConfiguration? Configuration { get; set; }

    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>What was given, or else the host's.</summary>
    public IConfiguration? ConfigurationOf(IServiceProvider services) =>
        Configuration ?? services.GetService<IConfiguration>();

    /// <summary>The setup with the options of every session, validated by whoever builds the registry.</summary>
    public SessionSetup Apply(IServiceProvider services, SessionSetup setup)
    {
        var names = setup.Parts.Sessions.Select(session => session.Item1).Concat(Names).Distinct().ToList();
        var start = SessionSetupModule.refuse(ListModule.OfSeq(Unknown(services, names)), setup);

        if (ConfigurationOf(services) is { } configuration)
        {
            start = SessionSetupModule.configuration(configuration, start);
        }

        return names.Aggregate(
            start,
            (all, name) => SessionSetupModule.session(
                name,
                FuncConvert.FromFunc<SessionSettings, SessionSettings>(
                    settings => new Filled(services, settings).Create(name).ToSettings()),
                all));
    }

    /// <summary>Options that nobody would ever ask for.</summary>
    private static IEnumerable<string> Unknown(IServiceProvider services, List<string> names)
    {
        var configured = services.GetServices<IConfigureOptions<RunaSessionOptions>>()
            .OfType<ConfigureNamedOptions<RunaSessionOptions>>()
            .Select(options => options.Name);
        var configuredLast = services.GetServices<IPostConfigureOptions<RunaSessionOptions>>()
            .OfType<PostConfigureOptions<RunaSessionOptions>>()
            .Select(options => options.Name);

        return from name in configured.Concat(configuredLast).Distinct()
               where !string.IsNullOrEmpty(name) && !names.Contains(name)
               select $"RunaSessionOptions are configured for \"{name}\", which is no session.{Nearest.hint(names, name)} Known: {Nearest.list(names)}. Register it with AddSession.";
    }

    private sealed class Filled(IServiceProvider services, SessionSettings settings)
        : OptionsFactory<RunaSessionOptions>(
            services.GetServices<IConfigureOptions<RunaSessionOptions>>(),
            services.GetServices<IPostConfigureOptions<RunaSessionOptions>>())
    {
        protected override RunaSessionOptions CreateInstance(string name)
        {
            var options = new RunaSessionOptions();
            options.Fill(settings);
            return options;
        }
    }
}
