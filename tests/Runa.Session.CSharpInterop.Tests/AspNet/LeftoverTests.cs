using Microsoft.AspNetCore.Builder;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>What an application that moves over from the framework's session may leave behind.</summary>
public class LeftoverTests
{
    private const string Warning =
        "AddSession or SessionOptions of ASP.NET Core are configured, but the session \"web\" behind UseRunaAspNetSession does not read them.";

    [Fact(DisplayName = "options of AddSession, which nothing reads any more, are warned of at the start, once")]
    public async Task AddSessionLeft()
    {
        await using var app = await StartAsync(services => services.AddSession(o => o.IdleTimeout = TimeSpan.FromMinutes(5)));
        Assert.StartsWith(Warning, Assert.Single(app.Logs.Warnings), StringComparison.Ordinal);
    }

    [Fact(DisplayName = "SessionOptions that are configured without AddSession are warned of, too")]
    public async Task OptionsLeft()
    {
        await using var app = await StartAsync(services => services.Configure<SessionOptions>(o => o.Cookie.Name = "mine"));
        Assert.StartsWith(Warning, Assert.Single(app.Logs.Warnings), StringComparison.Ordinal);
    }

    [Fact(DisplayName = "an application that left nothing behind is not warned")]
    public async Task NothingLeft()
    {
        await using var app = await StartAsync(services => services.AddDistributedMemoryCache());
        Assert.Empty(app.Logs.Warnings);
    }

    private static Task<App> StartAsync(Action<IServiceCollection> services) =>
        App.StartAsync(app => app.UseRunaAspNetSession("web"), _ => { }, services);
}
