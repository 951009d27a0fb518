using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Tokens that are exchanged, and copies of them that are noticed.</summary>
public class TheftTests
{
    [Fact(DisplayName = "promise 29: the cookie is exchanged every 15 minutes, and a request that was under way with the one before is served")]
    public async Task Exchanged()
    {
        await using var app = await StartAsync(OnTheft.Revoke);
        var (user, copy) = await CopiedAsync(app);
        Assert.NotEqual(copy.Cookies.Values.Single(), user.Cookies.Values.Single());
        app.Clock.Advance(TimeSpan.FromMinutes(5.9));
        var late = await copy.GetAsync("/");
        Assert.Equal("Active ann", late.Body);
        Assert.Empty(late.SetCookies);
        app.Clock.Advance(TimeSpan.FromMinutes(9.1));
        Assert.Single((await user.GetAsync("/")).SetCookies);
    }

    [Fact(DisplayName = "promise 29: with OnTheft.Revoke a late copy ends the session, both see Taken, and the event is told once")]
    public async Task Revoked()
    {
        var heard = new ConcurrentQueue<SessionEvent>();
        var app = await StartAsync(OnTheft.Revoke, heard);

        await using (app)
        {
            var (user, copy) = await CopiedAsync(app);
            app.Clock.Advance(TimeSpan.FromMinutes(6));
            Assert.Equal("Taken ", (await copy.GetAsync("/")).Body);
            Assert.Equal("Taken ", (await user.GetAsync("/")).Body);
            Assert.Equal(0, await app.Sessions.RevokeOwnerAsync("web", "ann", TestContext.Current.CancellationToken));
            await user.PostAsync("/in");
            Assert.Equal("Active ann", (await user.GetAsync("/")).Body);
        }

        var theft = Assert.Single(heard, told => told.Kind == SessionEventKind.TheftSuspected);
        Assert.Equal(("web", "ann"), (theft.Session, theft.Owner));
    }

    [Fact(DisplayName = "promise 29: with OnTheft.Ignore only the copy is refused, and told once")]
    public async Task Ignored()
    {
        var heard = new ConcurrentQueue<SessionEvent>();
        var app = await StartAsync(OnTheft.Ignore, heard);

        await using (app)
        {
            var (user, copy) = await CopiedAsync(app);
            app.Clock.Advance(TimeSpan.FromMinutes(6));
            Assert.Equal("Taken ", (await copy.GetAsync("/")).Body);
            Assert.Equal("Active ann", (await user.GetAsync("/")).Body);
            Assert.Equal("Taken ", (await copy.GetAsync("/")).Body);
        }

        Assert.Single(heard, told => told.Kind == SessionEventKind.TheftSuspected);
    }

    [Fact(DisplayName = "promise 29: without Rotate a copy is served, and nothing is exchanged")]
    public async Task Off()
    {
        await using var app = await StartAsync(OnTheft.Revoke, every: null);
        var (user, copy) = await CopiedAsync(app);
        Assert.Equal(copy.Cookies, user.Cookies);
        app.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("Active ann", (await copy.GetAsync("/")).Body);
    }

    /// <summary>The user, who has shown the token that followed, and a copy of the first one.</summary>
    private static async Task<(Browser User, Browser Copy)> CopiedAsync(App app)
    {
        var user = app.NewBrowser();
        await user.PostAsync("/in");
        var copy = user.Copy();
        app.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal("Active ann", (await user.GetAsync("/")).Body);
        Assert.Equal("Active ann", (await user.GetAsync("/")).Body);
        return (user, copy);
    }

    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    private static Task<App> StartAsync(OnTheft onTheft, ConcurrentQueue<SessionEvent>? heard = null) => StartAsync(onTheft, Quarter, heard);

    private static Task<App> StartAsync(OnTheft onTheft, TimeSpan? every, ConcurrentQueue<SessionEvent>? heard = null) =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
                app.MapGet("/", (RunaSession session) => $"{session.Status} {session.Owner}");
            },
            sessions => sessions
                .AddSession("web", web => (web.Rotate, web.OnTheft) = (every, onTheft))
                .AddEvents((told, _) =>
                {
                    heard?.Enqueue(told);
                    return ValueTask.CompletedTask;
                }));
}
