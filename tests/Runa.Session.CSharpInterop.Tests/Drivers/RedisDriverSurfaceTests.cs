using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Runa.Session;
using StackExchange.Redis;
using Xunit;

namespace CSharp.Tests.Drivers;

/// <summary>What C# writes to choose the drivers that are made by F# functions. What they do is tested elsewhere.</summary>
public class RedisDriverSurfaceTests
{
    [Fact(DisplayName = "promise 23: a Redis driver from the services is chosen in one line, and without a connection says what to register")]
    public async Task FromServices()
    {
        var error = await Assert.ThrowsAsync<SessionConfigurationException>(() => App.StartAsync(Map, sessions => sessions
            .AddDriver("redis", RedisDriver.FromServices)
            .AddSession("web", o => o.Driver = "redis")));

        Assert.Contains("AddSingleton<IConnectionMultiplexer>", error.Message);
    }

    [Fact(DisplayName = "the options of the Redis driver are named arguments, those left out the defaults")]
    public void Options()
    {
        var defaults = RedisDriver.Defaults;
        var options = RedisDriver.Options(prefix: "shop:");
        Assert.Equal(("shop:", defaults.Database, defaults.Scripting), (options.Prefix, options.Database, options.Scripting));
        Assert.Equal((defaults.Prefix, 3), (RedisDriver.Options(database: 3).Prefix, RedisDriver.Options(database: 3).Database));
        Assert.True(RedisDriver.Options(scripts: false).Scripting.IsNever);
        Assert.Equal((defaults.Prefix, -1, defaults.Scripting), (RedisDriver.Options().Prefix, RedisDriver.Options().Database, RedisDriver.Options().Scripting));
    }

    [Fact(DisplayName = "promise 14, 25: a Redis driver with options, whose server is down, lets the application start and fails what it must store")]
    public async Task Down()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync("127.0.0.1:1,abortConnect=false,connectTimeout=100,connectRetry=0,asyncTimeout=200");

        await using var app = await App.StartAsync(
            Map,
            sessions => sessions
                .AddDriver("redis", services => RedisDriver.FromServicesWith(RedisDriver.Options(prefix: "shop:", database: 2), services))
                .SetStoreTimeout(TimeSpan.FromMilliseconds(300))
                .AddSession("web", o => o.Driver = "redis"),
            services => services.AddSingleton<IConnectionMultiplexer>(connection));

        var browser = app.NewBrowser();
        Assert.Equal("0", (await browser.GetAsync("/")).Body);
        await Assert.ThrowsAsync<SessionStoreException>(() => browser.GetAsync("/count"));
    }

    [Fact(DisplayName = "the library's drivers have names as C# writes them")]
    public void Names()
    {
        using var connection = ConnectionMultiplexer.Connect("127.0.0.1:1,abortConnect=false,connectTimeout=100,connectRetry=0");
        var cache = new MemoryDistributedCache(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));

        Assert.Equal(
            ["redis", "redis", "memory", "memory", "cache", "cache"],
            new[]
            {
                RedisDriver.Create(connection),
                RedisDriver.CreateWith(RedisDriver.Options(prefix: "shop:"), connection),
                MemoryDriver.Create(),
                MemoryDriver.Create(TimeProvider.System),
                CacheDriver.Create(cache),
                CacheDriver.CreateWith(new Runa.Session.CacheDriverOptions(TimeProvider.System, "shop:"), cache),
            }.Select(driver => driver.Name));
    }

    private static void Map(WebApplication app)
    {
        app.UseRunaSession();
        app.MapGet("/count", (HttpContext ctx) => ctx.GetRunaSession().Update("n", 0, n => n + 1).ToString());
        app.MapGet("/", (HttpContext ctx) => ctx.GetRunaSession().Get("n", 0).ToString());
    }
}
