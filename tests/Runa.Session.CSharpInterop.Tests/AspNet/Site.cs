using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Xunit.Sdk;

namespace CSharp.Tests.AspNet;

/// <summary>Whose HttpContext.Session it is: behaviours are written once and hold of both.</summary>
public enum Of
{
    Framework,
    Runa,
}

/// <summary>
/// An application whose requests run what the test hands in. Sessions end after 20 minutes without a request, and only
/// then.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    private const string StepHeader = "X-Step";

    private readonly App _app;
    private readonly ConcurrentDictionary<string, RequestDelegate> _steps;

    private Site(App app, StoreFaults store, ConcurrentDictionary<string, RequestDelegate> steps)
    {
        _app = app;
        _steps = steps;
        Store = store;
    }

    public static TheoryData<Of> Both => [Of.Framework, Of.Runa];

    public StoreFaults Store { get; }

    public FakeTimeProvider Clock => _app.Clock;

    public Logs Logs => _app.Logs;

    public static async Task<Site> StartAsync(
        Of of,
        Action<IApplicationBuilder>? outer = null,
        Action<IApplicationBuilder>? inner = null,
        Action<RunaAspNetSessionOptions>? options = null,
        Action<RunaSessionOptions>? session = null,
        bool onKestrel = false)
    {
        var store = new StoreFaults();
        var steps = new ConcurrentDictionary<string, RequestDelegate>();

        void Map(WebApplication app)
        {
            app.Use(TellErrors);
            outer?.Invoke(app);
            _ = of == Of.Framework ? app.UseSession() : app.UseRunaAspNetSession("web", options);
            inner?.Invoke(app);
            ((IApplicationBuilder)app).Run(ctx => steps[ctx.Request.Headers[StepHeader].ToString()](ctx));
        }

        var app = await App.StartAsync(
            Map,
            sessions => sessions
                .AddDriver("faulty", services => store.Driver(services.GetRequiredService<TimeProvider>()))
                .AddSession("web", web =>
                {
                    web.Driver = "faulty";
                    web.IdleTimeout = TimeSpan.FromMinutes(20);
                    web.Ttl = TimeSpan.FromDays(30);
                    web.MaxBytes = 10_000_000;
                    session?.Invoke(web);
                }),
            services => AddFramework(services, store),
            onKestrel);

        return new Site(app, store, steps);
    }

    public Visitor NewVisitor() => new(this, _app.NewBrowser());

    public async Task<Answer> SendAsync(Browser browser, RequestDelegate step, HttpMethod? method = null)
    {
        var name = Guid.NewGuid().ToString();
        ExceptionDispatchInfo? failed = null;

        _steps[name] = async ctx =>
        {
            try
            {
                await step(ctx);
            }
            catch (Exception e) when (e is IAssertionException)
            {
                failed = ExceptionDispatchInfo.Capture(e);
                throw;
            }
        };

        var request = new HttpRequestMessage(method ?? HttpMethod.Get, _app.Address);
        request.Headers.Add(StepHeader, name);

        try
        {
            return await browser.SendAsync(request);
        }
        finally
        {
            // What the step asserts is the test's matter, however the application answers it.
            failed?.Throw();
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void AddFramework(IServiceCollection services, StoreFaults store)
    {
        services.AddOptions<MemoryDistributedCacheOptions>()
            .Configure<TimeProvider>((options, clock) => options.Clock = new CacheClock(clock));
        services.AddSingleton<IDistributedCache>(provider => store.Cache(
            new MemoryDistributedCache(provider.GetRequiredService<IOptions<MemoryDistributedCacheOptions>>())));
        services.AddSession();
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
    }

    /// <summary>The last resort, which names the exception.</summary>
    private static async Task TellErrors(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync(e.GetType().Name);
        }
    }

    private sealed class CacheClock(TimeProvider clock) : ISystemClock
    {
        public DateTimeOffset UtcNow => clock.GetUtcNow();
    }
}
