using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Runa.Session;

/// <summary>What all calls of AddRunaSession on one collection of services registered.</summary>
internal sealed class SessionRegistrations
{
    public IConfiguration? Configuration { get; set; }

    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The setup with the options of every session, validated by whoever builds the registry.</summary>
    public SessionSetup Apply(IServiceProvider services, SessionSetup setup)
    {
        var names = setup.Parts.Sessions.Select(session => session.Item1).Concat(Names).Distinct().ToList();

        return names.Aggregate(
            setup,
            (all, name) => SessionSetupModule.session(
                name,
                Microsoft.FSharp.Core.FuncConvert.FromFunc<SessionSettings, SessionSettings>(
                    settings => new Filled(services, settings).Create(name).ToSettings()),
                all));
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
