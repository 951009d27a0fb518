using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

public class IdentityTests
{
    private const string Cookie = "__Host-runa_session";

    [Fact(DisplayName = "promise 4: signing in changes the id, and the old one is worthless")]
    public async Task SignInChangesTheId()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/visit");
        var before = browser.Copy();
        await browser.PostAsync("/in");
        Assert.NotEqual(before.Cookies[Cookie], browser.Cookies[Cookie]);
        Assert.Equal("ada: 1", (await browser.GetAsync("/")).Body);
        Assert.Equal(": 0", (await before.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 4: regenerate changes the id and keeps the values")]
    public async Task Regenerate()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/visit");
        var before = browser.Cookies[Cookie];
        await browser.PostAsync("/regenerate");
        Assert.NotEqual(before, browser.Cookies[Cookie]);
        Assert.Equal(": 1", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 9: signing out ends the session for every copy of its cookie")]
    public async Task SignOut()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/in");
        var copy = browser.Copy();
        var answer = await browser.PostAsync("/out");
        Assert.Contains("Max-Age=0", Assert.Single(answer.SetCookies), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(": 0", (await copy.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 7: a lifetime is set in the cookie, and capped by MaxTtl")]
    public async Task Lifetime()
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/", (RunaSession session) =>
                {
                    session.Set(Keys.Visits, 1);
                    session.SetLifetime(TimeSpan.FromDays(90));
                    return (session.ExpiresAt - session.CreatedAt).ToString();
                });
            },
            sessions => sessions.AddSession("web", o => o.MaxTtl = TimeSpan.FromDays(7)));

        var answer = await app.NewBrowser().PostAsync("/");
        Assert.Equal("7.00:00:00", answer.Body);
        Assert.Contains("max-age=604800", Assert.Single(answer.SetCookies), StringComparison.OrdinalIgnoreCase);
    }

    [Fact(DisplayName = "promise 10: a first visit is told from an expired session")]
    public async Task Status()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        Assert.Equal("New", (await browser.GetAsync("/status")).Body);
        await browser.PostAsync("/visit");
        Assert.Equal("Active", (await browser.GetAsync("/status")).Body);
        app.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal("Expired", (await browser.GetAsync("/status")).Body);
    }

    [Fact(DisplayName = "promise 7: a session says when it was last seen, and each request puts off its idle end")]
    public async Task LastSeen()
    {
        await using var app = await StartAsync(sessions => sessions.AddSession("web", o => o.IdleTimeout = TimeSpan.FromMinutes(30)));
        var browser = app.NewBrowser();
        await browser.PostAsync("/in");

        for (var request = 0; request < 3; request++)
        {
            app.Clock.Advance(TimeSpan.FromMinutes(20));
            Assert.Equal($"{app.Clock.GetUtcNow():O}", (await browser.GetAsync("/seen")).Body);
            var listed = Assert.Single(await app.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken));
            Assert.Equal(app.Clock.GetUtcNow(), listed.LastSeenAt);
        }

        app.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("Expired", (await browser.GetAsync("/status")).Body);
    }

    [Fact(DisplayName = "promise 27: an owner's sessions are listed, and ended: one, all others, all, everybody's")]
    public async Task Owners()
    {
        await using var app = await StartAsync();
        var browsers = new[] { app.NewBrowser(), app.NewBrowser(), app.NewBrowser() };

        foreach (var browser in browsers)
        {
            await browser.PostAsync("/in");
        }

        var listed = await app.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken);
        Assert.Equal(3, listed.Count);
        Assert.All(listed, session => Assert.Equal("Firefox", session.Label));
        Assert.All(listed, session => Assert.NotNull(session.SignedInAt));
        Assert.All(listed, session => Assert.Equal(("192.0.2.7", "Firefox/1"), (session.Address, session.Agent)));

        var handle = (await browsers[0].GetAsync("/handle")).Body;
        Assert.Contains(listed, session => session.Handle == handle);
        Assert.False(await app.Sessions.RevokeAsync("web", "bob", handle, TestContext.Current.CancellationToken));
        Assert.True(await app.Sessions.RevokeAsync("web", "ada", handle, TestContext.Current.CancellationToken));
        Assert.Equal(": 0", (await browsers[0].GetAsync("/")).Body);

        Assert.Equal("1", (await browsers[1].PostAsync("/others")).Body);
        Assert.Equal(": 0", (await browsers[2].GetAsync("/")).Body);
        Assert.Equal("ada: 0", (await browsers[1].GetAsync("/")).Body);

        Assert.Equal(1, await app.Sessions.RevokeOwnerAsync("web", "ada", TestContext.Current.CancellationToken));
        Assert.Equal(": 0", (await browsers[1].GetAsync("/")).Body);
        await browsers[0].PostAsync("/in");
        Assert.Equal(1, (await app.Sessions.CountAsync("web", TestContext.Current.CancellationToken)).Sessions);
        Assert.Equal(1, await app.Sessions.RevokeAllAsync("web", TestContext.Current.CancellationToken));
        Assert.Equal(default, await app.Sessions.CountAsync("web", TestContext.Current.CancellationToken));
        Assert.Equal(0, await app.Sessions.PurgeExpiredAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await app.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken));
    }

    [Fact(DisplayName = "the registered sessions are named with their settings")]
    public async Task Registered()
    {
        await using var app = await App.StartAsync(
            _ => { },
            sessions => sessions.AddSession("shop", o =>
            {
                o.IdleTimeout = TimeSpan.FromMinutes(5);
                o.Meta["team"] = "orders";
            }));

        var shop = app.Sessions.Registered.Single(session => session.Name == "shop");
        Assert.Equal("__Host-runa_shop_session", shop.CookieName);
        Assert.Equal("memory", shop.Driver);
        Assert.Equal(TimeSpan.FromHours(2), shop.Ttl);
        Assert.Equal(TimeSpan.FromMinutes(5), shop.IdleTimeout);
        Assert.Equal("orders", shop.Meta["team"]);
        Assert.False(shop.IsDefault);
        Assert.False(shop.IsShared);
        Assert.Contains(app.Sessions.Registered, session => session is { Name: "web", IsDefault: true, IdleTimeout: null });
    }

    private static Task<App> StartAsync(Action<RunaSessionBuilder>? sessions = null) =>
        App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapGet("/", (RunaSession session) => $"{session.Owner}: {session.Get(Keys.Visits)}");
            app.MapGet("/status", (RunaSession session) => session.Status.ToString());
            app.MapGet("/seen", (RunaSession session) => $"{session.LastSeenAt:O}");
            app.MapGet("/handle", (RunaSession session) => session.Handle);
            app.MapPost("/visit", (RunaSession session) => session.Update(Keys.Visits, 0, n => n + 1).ToString());
            app.MapPost("/regenerate", (RunaSession session) => session.Regenerate());
            app.MapPost("/in", (RunaSession session) =>
            {
                session.SignIn("ada");
                session.Label = "Firefox";
                session.SetClient("192.0.2.7", "Firefox/1");
            });
            app.MapPost("/out", (RunaSession session) => session.SignOut());
            app.MapPost("/others", async (RunaSession session, RunaSessions sessions) =>
                (await sessions.RevokeOthersAsync(session)).ToString());
        },
        sessions);
}
