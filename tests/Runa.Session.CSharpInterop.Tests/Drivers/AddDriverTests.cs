using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>Registering a driver written in C#, and sessions on it.</summary>
public class AddDriverTests
{
    [Fact(DisplayName = "a driver may be the result of a function, an object, a class or a service: each keeps sessions, and lists them by owner")]
    public async Task EachWay()
    {
        var mine = new DictionaryDriver(new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));

        foreach (var (services, add) in new (Action<IServiceCollection>?, Action<RunaSessionBuilder>)[]
                 {
                     (null, sessions => sessions.AddDriver("mine", services => new DictionaryDriver(services.GetRequiredService<TimeProvider>()))),
                     (null, sessions => sessions.AddDriver("mine", mine)),
                     (null, sessions => sessions.AddDriver<DictionaryDriver>("mine")),
                     (services => services.AddSingleton(mine), sessions => sessions.AddDriver<DictionaryDriver>("mine")),
                 })
        {
            await using var app = await App.StartAsync(Map, sessions => { add(sessions); sessions.AddSession("web", o => o.Driver = "mine"); }, services);
            var browser = app.NewBrowser();
            await browser.GetAsync("/in");
            Assert.Equal("alice", (await browser.GetAsync("/")).Body);
            var listed = await app.Sessions.ListAsync("web", "alice", TestContext.Current.CancellationToken);
            Assert.Equal(1, await app.Sessions.RevokeOwnerAsync("web", "alice", TestContext.Current.CancellationToken));
            Assert.Single(listed);
            Assert.Equal("", (await browser.GetAsync("/")).Body);
        }
    }

    [Fact(DisplayName = "a driver is disposed with the application that created it, and by nobody else")]
    public async Task Disposing()
    {
        Closing made = new(), given = new(), service = new();

        await using (await StartAsync(sessions => sessions.AddDriver("mine", _ => made)))
        {
            Assert.Equal(0, made.Closed);
        }

        await using (await StartAsync(sessions => sessions.AddDriver("mine", given)))
        {
        }

        await using (await StartAsync(sessions => sessions.AddDriver<Closing>("mine"), services => services.AddSingleton(_ => service)))
        {
        }

        Assert.Equal((1, 0, 1), (made.Closed, given.Closed, service.Closed));

        Task<App> StartAsync(Action<RunaSessionBuilder> add, Action<IServiceCollection>? services = null) =>
            App.StartAsync(Map, sessions => { add(sessions); sessions.AddSession("web", o => o.Driver = "mine"); }, services);
    }

    [Fact(DisplayName = "promise 14: what a driver raises is the cause of the error that the application sees")]
    public async Task Faults()
    {
        Exception? seen = null;

        await using var app = await App.StartAsync(
            app =>
            {
                app.Use(async (ctx, next) =>
                {
                    try
                    {
                        await next(ctx);
                    }
                    catch (SessionStoreException e)
                    {
                        seen = e;
                        ctx.Response.StatusCode = 503;
                    }
                });
                Map(app);
            },
            sessions => sessions
                .AddDriver("mine", _ => new Altered(new DictionaryDriver(TimeProvider.System)) { Create = (_, _) => throw new IOException("disk full") })
                .AddSession("web", o => o.Driver = "mine"));

        var answer = await app.NewBrowser().GetAsync("/in");
        Assert.Equal(503, (int)answer.Status);
        Assert.IsType<IOException>(seen?.InnerException);
    }

    [Fact(DisplayName = "promise 23: a function that returns no driver keeps the application from starting, and the message names the driver")]
    public async Task MadeNull()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => App.StartAsync(
            Map,
            sessions => sessions.AddDriver("mine", ISessionDriver (_) => null!).AddSession("web", o => o.Driver = "mine")));

        Assert.Contains("\"mine\"", error.Message);
    }

    [Fact(DisplayName = "drivers and functions that are null are refused where they are added")]
    public void Nulls()
    {
        new ServiceCollection().AddRunaSession(sessions =>
        {
            Assert.Throws<ArgumentNullException>("factory", () => sessions.AddDriver("mine", (Func<IServiceProvider, ISessionDriver>)null!));
            Assert.Throws<ArgumentNullException>("driver", () => sessions.AddDriver("mine", (ISessionDriver)null!));
            Assert.Throws<ArgumentNullException>("configure", () => sessions.AddMemoryDriver("mine", null!));
            Assert.Throws<ArgumentNullException>("configure", () => sessions.AddSqlDriver("mine", null!));
            Assert.Throws<ArgumentException>("name", () => sessions.AddDriver("", new Fake()));
            Assert.Throws<ArgumentException>("name", () => sessions.AddDriver<Closing>(""));
        });
    }

    private static void Map(WebApplication app)
    {
        app.UseRunaSession();
        app.MapGet("/in", (HttpContext ctx) => ctx.GetRunaSession().SignIn("alice"));
        app.MapGet("/", (HttpContext ctx) => ctx.GetRunaSession().Owner ?? "");
    }

    private sealed class Closing : Fake, IAsyncDisposable
    {
        public int Closed { get; private set; }

        public ValueTask DisposeAsync()
        {
            Closed++;
            return default;
        }
    }
}
