using Microsoft.AspNetCore.Builder;
using CSharp.Tests.Drivers;

namespace CSharp.Tests;

/// <summary>An application on a store that counts its calls.</summary>
internal sealed class Counted : IAsyncDisposable
{
    private Counted(App app, CountingDriver store)
    {
        App = app;
        Store = store;
    }

    public App App { get; }

    public CountingDriver Store { get; }

    public static async Task<Counted> StartAsync(
        Action<WebApplication> map,
        Action<IServiceCollection>? services = null,
        Action<RunaSessionOptions>? configure = null,
        bool onKestrel = false)
    {
        CountingDriver? store = null;

        var app = await App.StartAsync(
            map,
            sessions => sessions
                .AddDriver("counting", services => store = new CountingDriver(services.GetRequiredService<TimeProvider>()))
                .AddSession("web", web =>
                {
                    web.Driver = "counting";
                    configure?.Invoke(web);
                }),
            services,
            onKestrel);

        return new Counted(app, store!);
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
