using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;

namespace Runa.Session.Tests;

/// <summary>A running application, on a server in memory or on Kestrel.</summary>
internal sealed class App : IAsyncDisposable
{
    public const string Secret = "0123456789abcdefghijklmnopqrstuvwxyz";

    private readonly WebApplication _app;
    private readonly HttpMessageHandler _handler;

    private App(WebApplication app, FakeTimeProvider clock, Logs logs, HttpMessageHandler handler, Uri address)
    {
        _app = app;
        _handler = handler;
        Clock = clock;
        Logs = logs;
        Address = address;
    }

    public FakeTimeProvider Clock { get; }

    public Logs Logs { get; }

    public Uri Address { get; }

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
        await app.StartAsync();

        return onKestrel
            ? new App(app, clock, logs, new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }, new Uri(app.Urls.First()))
            : new App(app, clock, logs, app.GetTestServer().CreateHandler(), new Uri("http://localhost/"));
    }

    /// <summary>Not yet started, so that a test can see it not start.</summary>
    public static (WebApplication App, FakeTimeProvider Clock, Logs Logs) Build(
        Action<WebApplication> map,
        Action<RunaSessionBuilder>? sessions,
        Action<IServiceCollection>? services = null,
        bool onKestrel = false,
        string environment = "Production")
    {
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { EnvironmentName = environment, ApplicationName = typeof(App).Assembly.GetName().Name });
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var logs = new Logs();

        if (onKestrel)
        {
            builder.WebHost.UseKestrel(options =>
            {
                options.AllowSynchronousIO = true;
                options.Listen(System.Net.IPAddress.Loopback, 0);
            });
        }
        else
        {
            builder.WebHost.UseTestServer(options => options.AllowSynchronousIO = true);
        }

        builder.Services.AddRouting();
        builder.Logging.AddProvider(logs);
        builder.Services.AddSingleton<TimeProvider>(clock);
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

    public Browser NewBrowser() => new(_handler, Address);

    public async ValueTask DisposeAsync()
    {
        _handler.Dispose();
        await _app.DisposeAsync();
    }
}
