using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Runa.Session.Hosting;

namespace Runa;

/// <summary>What all calls of AddRunaSession on one collection of services have registered.</summary>
internal sealed class SessionRegistrations
{
    public IConfiguration? Configuration { get; set; }

    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The configuration that was given, otherwise the host's.</summary>
    public IConfiguration? ConfigurationOf(IServiceProvider services) =>
        Configuration ?? services.GetService<IConfiguration>();

    /// <summary>Adds the options of every session to the setup. The registry checks them when it is built.</summary>
    public SessionSetup Apply(IServiceProvider services, SessionSetup setup)
    {
        if (ConfigurationOf(services) is { } configuration)
        {
            setup = SessionSetupModule.configuration(configuration, setup);
        }

        var all = SessionSetupModule.names(setup)
            .Concat(Names)
            .Distinct()
            .Aggregate(setup, (sessions, name) => SessionSetupModule.session(name, Changed(services, name), sessions));

        return SessionSetupModule.refuse(ListModule.OfSeq(Unknown(services, all)), all);
    }

    private static FSharpFunc<SessionSettings, SessionSettings> Changed(IServiceProvider services, string name) =>
        FuncConvert.FromFunc<SessionSettings, SessionSettings>(settings =>
        {
            var options = new Filled(services, settings).Create(name);
            string[] undefined = [.. options.Undefined(name)];

            return undefined is []
                ? options.ToSettings()
                : throw new OptionsValidationException(name, typeof(RunaSessionOptions), undefined);
        });

    /// <summary>A mistake for each name that has options but is no session: nothing would ever read them.</summary>
    private static IEnumerable<string> Unknown(IServiceProvider services, SessionSetup setup)
    {
        var names = SessionSetupModule.names(setup);
        var configured = services.GetServices<IConfigureOptions<RunaSessionOptions>>()
            .OfType<ConfigureNamedOptions<RunaSessionOptions>>()
            .Select(options => options.Name);
        var configuredLast = services.GetServices<IPostConfigureOptions<RunaSessionOptions>>()
            .OfType<PostConfigureOptions<RunaSessionOptions>>()
            .Select(options => options.Name);

        return from name in configured.Concat(configuredLast).Distinct()
               where !string.IsNullOrEmpty(name) && !names.Contains(name)
               select $"RunaSessionOptions are configured for \"{name}\", which is no session.{HostedRegistry.didYouMean(names, name)} Known: {string.Join(", ", names.Order(StringComparer.Ordinal))}. Register it with AddSession.";
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
