using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;
using Runa.Testing;
using Xunit;

namespace CSharp.Tests.Testing;

/// <summary>The package Runa.Session.Testing, as C# uses it.</summary>
public class TestKitTests
{
    [Fact(DisplayName = "a visitor who is signed in, with values, is prepared in one line, and what was committed is asserted in one")]
    public async Task Prepared()
    {
        await using var app = await StartAsync();
        var visitor = await TestVisitor.PrepareAsync(app.Services, "web", s => s
            .SignIn("ada", new System.Security.Claims.Claim("role", "admin"))
            .Set(Keys.Visits, 3)
            .Set("cart", new List<string> { "tea" })
            .Flash("notice", "Welcome!")
            .Label("Firefox")
            .Client("192.0.2.7", "Firefox/1")
            .Lifetime(TimeSpan.FromHours(1)));
        using var client = visitor.CreateClient(app.GetTestServer().CreateHandler());

        Assert.Equal("ada 4", await client.GetStringAsync("/", TestContext.Current.CancellationToken));

        var session = await visitor.ReadAsync("web");
        Assert.True(session.IsActive);
        Assert.Equal("ada", session.Owner);
        Assert.Equal("admin", Assert.Single(session.Claims).Value);
        Assert.Equal("Firefox", session.Label);
        Assert.Equal(("192.0.2.7", "Firefox/1"), (session.Address, session.Agent));
        Assert.Equal(4, session.Get(Keys.Visits));
        Assert.Equal(["tea"], session.Get<List<string>>("cart"));
        Assert.Equal(["cart", "visits"], session.Keys);
        Assert.Equal(["Welcome!"], session.Flashes<string>("notice"));
        Assert.Equal(["Welcome!"], session.Flashes(new SessionKey<string>("notice")));
        Assert.True(session.Has("cart"));
        Assert.Contains("\"cart\":[\"tea\"]", session.ToJson(), StringComparison.Ordinal);
        Assert.InRange(session.ExpiresAt, DateTimeOffset.UtcNow.AddMinutes(59), DateTimeOffset.UtcNow.AddMinutes(61));
        Assert.DoesNotContain("ada", session.ToString(), StringComparison.Ordinal);
    }

    [Fact(DisplayName = "a value that is missing, or of another type, is told by name")]
    public async Task Missing()
    {
        await using var app = await StartAsync();
        var visitor = await TestVisitor.PrepareAsync(app.Services, "web", s => s.Set("name", "Ada"));
        var session = await visitor.ReadAsync("web");
        Assert.Contains("has no value \"visits\". It has: name.", Assert.Throws<KeyNotFoundException>(() => session.Get(Keys.Visits)).Message, StringComparison.Ordinal);
        Assert.Contains("\"name\" is not a Int32", Assert.Throws<InvalidDataException>(() => session.Get<int>("name")).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => visitor.ReadAsync("wbe"));
    }

    [Fact(DisplayName = "promise 9: a session that a request has ended is expired for who kept its cookie, and gone for the visitor")]
    public async Task Ended()
    {
        await using var app = await StartAsync();
        var visitor = await TestVisitor.PrepareAsync(app.Services, "web", s => s.SignIn("ada"));
        var kept = new TestVisitor(app.Services) { Cookie = visitor.Cookie };
        using var client = visitor.CreateClient(app.GetTestServer().CreateHandler());
        await client.PostAsync("/out", null, TestContext.Current.CancellationToken);
        Assert.Equal("", visitor.Cookie);
        Assert.False((await visitor.ReadAsync("web")).IsExpired);
        Assert.True((await kept.ReadAsync("web")).IsExpired);
    }

    [Fact(DisplayName = "promise 7, 14: the sessions take the test's clock, and the test's driver fails when it is told to")]
    public async Task ClockAndStore()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var store = new FaultyDriver(Runa.Session.MemoryDriver.Create(clock));
        await using var app = await StartAsync(services => services.UseSessionClock(clock).UseFaultyDriver("memory", store));
        var visitor = await TestVisitor.PrepareAsync(app.Services, "web", s => s.Set(Keys.Visits, 1));
        using var client = visitor.CreateClient(app.GetTestServer().CreateHandler());

        store.Fail(StoreCalls.Writes);
        await Assert.ThrowsAsync<SessionStoreException>(() => client.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Equal(" 2", await client.GetStringAsync("/", TestContext.Current.CancellationToken));
        Assert.Contains(StoreCalls.Replace, store.Calls);

        clock.Advance(TimeSpan.FromHours(2));
        Assert.True((await visitor.ReadAsync("web")).IsExpired);
        Assert.Throws<ArgumentOutOfRangeException>("by", () => new TestClock().Advance(TimeSpan.FromSeconds(-1)));
    }

    [Fact(DisplayName = "a driver fails when it is pinged")]
    public async Task Pinged()
    {
        var store = new FaultyDriver();
        await using var app = await StartAsync(services => services.UseFaultyDriver("memory", store));
        var sessions = app.Services.GetRequiredService<RunaSessions>();
        var token = TestContext.Current.CancellationToken;
        store.Fail(StoreCalls.Ping, onCall: 1, times: 1);
        var limit = TimeSpan.FromSeconds(30);
        Assert.Equal("IOException", Assert.Single(await sessions.PingAsync(limit, token)).Failure);
        Assert.True(Assert.Single(await sessions.PingAsync(limit, token)).IsUp);
        Assert.Equal([StoreCalls.Ping, StoreCalls.Ping], store.Calls);
    }

    [Fact(DisplayName = "a driver of a name that no session uses keeps the application from starting, and the message names those in use")]
    public async Task UnusedDriver()
    {
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartAsync(services => services.UseFaultyDriver("memry", new FaultyDriver())));
        Assert.Contains("UseFaultyDriver(\"memry\", …)", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("Drivers in use: \"memory\".", e.Message, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(Action<IServiceCollection>? test = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ApplicationName = typeof(TestKitTests).Assembly.GetName().Name });
        builder.WebHost.UseTestServer();
        builder.Services.AddRunaSession(sessions => sessions.AddSecrets(App.Secret));
        test?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseRunaSession();
        app.MapGet("/", (RunaSession session) => $"{session.Owner} {session.Update(Keys.Visits, 0, n => n + 1)}");
        app.MapPost("/out", (RunaSession session) => session.SignOut());
        await app.StartAsync();
        return app;
    }
}
