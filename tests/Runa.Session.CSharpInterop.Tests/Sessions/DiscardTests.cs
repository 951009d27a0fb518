using Microsoft.AspNetCore.Builder;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>An endpoint that catches what a commit raises, and answers nevertheless.</summary>
public class DiscardTests
{
    [Fact(DisplayName = "promise 9, 14: after a conflict that was caught, discarded changes are not committed, and the response is sent")]
    public async Task AfterAConflict()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());
        var browser = await stage.EstablishedAsync();

        var answer = await stage.RequestAsync(browser, async ctx =>
        {
            var session = ctx.GetRunaSession();
            session.Set(Keys.Name, "Ada");
            await stage.App.Sessions.RevokeOwnerAsync("web", "ada", ctx.RequestAborted);
            await Assert.ThrowsAsync<SessionConflictException>(() => session.CommitAsync(ctx.RequestAborted));
            session.Discard();
            Assert.False(session.Has(Keys.Name));
            Assert.Equal(1, session.Get(Keys.Visits));
            await session.ReloadAsync(ctx.RequestAborted);
            Assert.Equal(SessionStatus.Expired, session.Status);
            ctx.Response.StatusCode = 409;
        });

        Assert.Equal(System.Net.HttpStatusCode.Conflict, answer.Status);
        Assert.Empty(answer.SetCookies);
        Assert.Equal(0, await stage.VisitsAsync(browser));
    }

    [Fact(DisplayName = "promise 14: after a store that was down, discarded changes are not committed later")]
    public async Task AfterAFailure()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());
        var browser = await stage.EstablishedAsync();

        await stage.RequestAsync(browser, async ctx =>
        {
            var session = ctx.GetRunaSession();
            session.Update(Keys.Visits, 0, n => n + 1);
            stage.Store.FailsToWrite = true;
            await Assert.ThrowsAsync<SessionStoreException>(() => session.CommitAsync(ctx.RequestAborted));
            stage.Store.FailsToWrite = false;
            session.Discard();
            Assert.Equal(1, session.Get(Keys.Visits));
        });

        Assert.Equal(1, await stage.VisitsAsync(browser));
    }

    [Fact(DisplayName = "what is set after a discard is committed; a step can discard what it has changed itself, and nothing else")]
    public async Task Steps()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaSession());
        var browser = await stage.EstablishedAsync();

        await stage.RequestAsync(browser, async ctx =>
        {
            var outer = ctx.GetRunaSession();
            outer.Set(Keys.Name, "lost");
            outer.Discard();
            outer.Set(Keys.Visits, 2);

            await ctx.UpdateRunaSessionAsync("web", session =>
            {
                session.Set(Keys.Visits, 7);
                session.Discard();
                Assert.Equal(2, session.Get(Keys.Visits));
                Assert.Throws<InvalidOperationException>(outer.Discard);
                Assert.Throws<InvalidOperationException>(() => session.Update(Keys.Visits, 0, n => { session.Discard(); return n; }));
            });
        });

        Assert.Equal(2, await stage.VisitsAsync(browser));
    }
}
