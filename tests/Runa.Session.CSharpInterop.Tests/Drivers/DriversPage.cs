using Microsoft.AspNetCore.Builder;
using SessionDriver = Runa.Session.SessionDriver;

namespace CSharp.Tests.Drivers;

/// <summary>What docs/run/drivers.md shows of registering drivers; compared with it, and never run.</summary>
internal static class DriversPage
{
    public static void Choosing(WebApplicationBuilder builder)
    {
        builder.Services.AddRunaSession(builder.Configuration, sessions => sessions
            .AddMemoryDriver("memory", options => options.MaxSessions = 20_000)
            .AddSqlDriver("sql", options => options.EnsureSchema = true) // over the registered DbDataSource
            .AddDriver("redis", RedisDriver.FromServices) // over the registered IConnectionMultiplexer
            .AddSession("web", options => options.Driver = "redis"));
    }

    public static void Registering(WebApplicationBuilder builder)
    {
        builder.Services.AddRunaSession(builder.Configuration, sessions => sessions
            .AddDriver("dictionary", services => new DictionaryDriver(services.GetRequiredService<TimeProvider>()))
            .AddSession("web", options => options.Driver = "dictionary"));
    }

    public static Func<IServiceProvider, SessionDriver> Redis => services => RedisDriver.FromServicesWith(RedisDriver.Options(prefix: "shop:"), services);

    public static Func<IServiceProvider, SessionDriver> RedisOfItsOwn => _ => RedisDriver.Connect("localhost:6379");
}
