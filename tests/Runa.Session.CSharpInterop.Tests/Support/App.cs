using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;

namespace CSharp.Tests;

/// <summary>A running application, on a server in memory or on Kestrel.</summary>
internal sealed class App : IAsyncDisposable
{
    public const string Secret = "0123456789abcdefghijklmnopqrstuvwxyz";

    private readonly Runa.Session.TestSupport.App _app;

    private App(Runa.Session.TestSupport.App app) => _app = app;

    public FakeTimeProvider Clock => _app.Clock;

    public Logs Logs => _app.Logs;

    public Uri Address => _app.Address;

    public IServiceProvider Services => _app.Services;

    public RunaSessions Sessions => Services.GetRequiredService<RunaSessions>();

    /// <summary>Starts one; `services` must call AddRunaSession if `sessions` is null.</summary>
    public static async Task<App> StartAsync(
        Action<WebApplication> map,
        Action<RunaSessionBuilder>? sessions = null,
        Action<IServiceCollection>? services = null,
        bool onKestrel = false,
        string environment = "Production")
    {
        var (app, clock, logs) = Build(map, sessions ?? (_ => { }), services, onKestrel, environment);
        return new App(await Runa.Session.TestSupport.App.Start(app, clock, logs));
    }

    /// <summary>Not yet started, so that a test can see it not start.</summary>
    public static (WebApplication App, FakeTimeProvider Clock, Logs Logs) Build(
        Action<WebApplication> map,
        Action<RunaSessionBuilder>? sessions,
        Action<IServiceCollection>? services = null,
        bool onKestrel = false,
        string environment = "Production")
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var logs = new Logs();

        var options = new WebApplicationOptions { EnvironmentName = environment, ApplicationName = typeof(App).Assembly.GetName().Name };
        var builder = (onKestrel ? Server.Kestrel : Server.InMemory).Builder(options, clock, logs, HttpProtocols.Http1AndHttp2);
        builder.Services.AddRouting();
        services?.Invoke(builder.Services);

        if (sessions is not null)
        {
            builder.Services.AddRunaSession(setup =>
            {
                setup.AddSecrets(Secret);
                sessions(setup);
            });
        }

        var app = builder.Build();
        map(app);
        return (app, clock, logs);
    }

    public Browser NewBrowser() => new(_app.NewBrowser(), Address);

    public ValueTask DisposeAsync() => ((IAsyncDisposable)_app).DisposeAsync();
}
