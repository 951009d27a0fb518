using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>AddMemoryDriver, AddSqlDriver, AddCacheDriver and AddRedisDriver, with their options.</summary>
public class AddedDriverTests
{
    [Fact(DisplayName = "a cache of its own, with a prefix, is used by the driver that names it")]
    public async Task Cache()
    {
        var cache = new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));
        var seen = new List<string>();

        await using var app = await App.StartAsync(
            Map,
            sessions => sessions
                .AddCacheDriver("orders", o =>
                {
                    o.ServiceKey = "orders";
                    o.Prefix = "shop:";
                })
                .AddCacheDriver(o => o.Prefix = "plain:")
                .AddSession("web", o => o.Driver = "orders")
                .AddSession("admin", o => o.Driver = "cache"),
            services => services
                .AddKeyedSingleton<IDistributedCache>("orders", new Watched(cache, seen))
                .AddSingleton<IDistributedCache>(new Watched(cache, seen)));

        Assert.Equal("1", (await app.NewBrowser().PostAsync("/")).Body);
        Assert.All(seen, key => Assert.StartsWith("shop:", key, StringComparison.Ordinal));
        await app.NewBrowser().PostAsync("/admin");
        Assert.Contains(seen, key => key.StartsWith("plain:", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "a data source that is registered as a keyed service is used by the driver that names it")]
    public async Task Sql()
    {
        var file = Path.GetTempFileName();

        await using (var app = await App.StartAsync(
            Map,
            sessions => sessions
                .AddSqlDriver(o =>
                {
                    o.ServiceKey = "sessions";
                    o.EnsureSchema = true;
                })
                .AddSession("web", o => o.Driver = "sql"),
            services => services.AddKeyedSingleton<DbDataSource>("sessions", (_, _) => SqliteFactory.Instance.CreateDataSource($"Data Source={file}"))))
        {
            Assert.Equal("1", (await app.NewBrowser().PostAsync("/")).Body);
        }

        SqliteConnection.ClearAllPools();
        Assert.True(new FileInfo(file).Length > 0);
        File.Delete(file);
    }

    [Theory(DisplayName = "promise 23: what a driver needs and is not registered keeps the application from starting, and the message says what to register")]
    [InlineData("sql", "the keyed service \"missing\"", "AddKeyedSingleton<DbDataSource>")]
    [InlineData("cache", "the keyed service \"missing\"", "AddKeyedSingleton<IDistributedCache>")]
    [InlineData("redis", "the keyed service \"missing\"", "AddKeyedSingleton<IConnectionMultiplexer>")]
    [InlineData("redis2", "AddSingleton<IConnectionMultiplexer>")]
    [InlineData("redis3", "Configuration and ServiceKey are both set")]
    public async Task Missing(string driver, params string[] parts)
    {
        var e = await Assert.ThrowsAsync<SessionConfigurationException>(() => App.StartAsync(Map, sessions => sessions
            .AddSqlDriver(o => o.ServiceKey = "missing")
            .AddCacheDriver(o => o.ServiceKey = "missing")
            .AddRedisDriver(o => o.ServiceKey = "missing")
            .AddRedisDriver("redis2", _ => { })
            .AddRedisDriver("redis3", o => o.Configuration = o.ServiceKey = "localhost")
            .AddSession("web", o => o.Driver = driver)));

        Assert.All(parts, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    [Fact(DisplayName = "promise 14, 25: AddRedisDriver takes a connection of its own, a registered one, and one by key, and its builder goes on")]
    public async Task Redis()
    {
        const string Down = "127.0.0.1:1,abortConnect=false,connectTimeout=100,connectRetry=0,asyncTimeout=200";
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Down);

        await using var app = await App.StartAsync(
            Map,
            sessions => sessions
                .AddRedisDriver()
                .AddRedisDriver("own", o =>
                {
                    o.Configuration = Down;
                    o.Prefix = "shop:";
                    o.Database = 2;
                    o.Scripts = false;
                })
                .AddRedisDriver("keyed", o => o.ServiceKey = "sessions")
                .AddSession("web", o => o.Driver = "redis")
                .AddSession("admin", o => o.Driver = "own")
                .AddSession("api", o => o.Driver = "keyed")
                .SetStoreTimeout(TimeSpan.FromMilliseconds(300)),
            services => services.AddSingleton<IConnectionMultiplexer>(connection).AddKeyedSingleton<IConnectionMultiplexer>("sessions", connection));

        await Assert.ThrowsAsync<SessionStoreException>(() => app.NewBrowser().PostAsync("/"));
        await Assert.ThrowsAsync<SessionStoreException>(() => app.NewBrowser().PostAsync("/admin"));
        Assert.Equal(["redis", "own", "keyed"], app.Sessions.Registered.Take(3).Select(session => session.Driver));
    }

    [Fact(DisplayName = "arguments of AddRedisDriver that are null or empty raise")]
    public void Nulls() => new ServiceCollection().AddRunaSession(sessions =>
    {
        Assert.Throws<ArgumentNullException>(() => RedisDriverExtensions.AddRedisDriver<RunaSessionBuilder>(null!));
        Assert.Throws<ArgumentNullException>(() => sessions.AddRedisDriver(configure: null!));
        Assert.Throws<ArgumentNullException>(() => sessions.AddRedisDriver(null!, _ => { }));
        Assert.Throws<ArgumentException>(() => sessions.AddRedisDriver("", _ => { }));
    });

    [Fact(DisplayName = "promise 7: SetTimeProvider is the clock of the sessions and of their drivers, whatever clock is registered")]
    public async Task Clock()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));

        TimeProvider? seen = null;

        await using var app = await App.StartAsync(
            Map,
            sessions => sessions
                .SetTimeProvider(clock)
                .AddDriver("mine", services => new DictionaryDriver(seen = services.GetRequiredService<TimeProvider>()))
                .AddSession("web", o => o.Driver = "mine"));
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Same(clock, seen);
        app.Clock.Advance(TimeSpan.FromDays(1)); // the registered one
        Assert.Equal("2", (await browser.PostAsync("/")).Body);
        clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("1", (await browser.PostAsync("/")).Body);
    }

    private static void Map(WebApplication app)
    {
        app.UseRunaSession("web", "admin");
        app.MapPost("/", (RunaSession session) => session.Update("n", 0, n => n + 1));
        app.MapPost("/admin", ([FromRunaSession("admin")] RunaSession session) => session.Update("n", 0, n => n + 1));
    }

    private sealed class Watched(IDistributedCache inner, List<string> seen) : IDistributedCache
    {
        public byte[]? Get(string key) => throw new NotSupportedException();

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default)
        {
            seen.Add(key);
            return inner.GetAsync(key, token);
        }

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            seen.Add(key);
            return inner.SetAsync(key, value, options, token);
        }

        public void Refresh(string key) => throw new NotSupportedException();

        public Task RefreshAsync(string key, CancellationToken token = default) => throw new NotSupportedException();

        public void Remove(string key) => throw new NotSupportedException();

        public Task RemoveAsync(string key, CancellationToken token = default) => inner.RemoveAsync(key, token);
    }
}
