using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Cancellation;

/// <summary>A token ends the waiting for a store that does not answer.</summary>
public class LoadTests
{
    public static TheoryData<string> Reading => ["load", "update", "update with a result", "reload"];

    [Theory(DisplayName = "a token cancelled while the store is asked ends the wait, and the session can be used afterwards"), MemberData(nameof(Reading))]
    public async Task Midway(string call)
    {
        await using var stage = await Stage.StartAsync();
        var browser = await stage.EstablishedAsync();

        await stage.RequestAsync(browser, async ctx =>
        {
            if (call == "reload")
            {
                await ctx.LoadRunaSessionAsync();
            }

            using var caller = new CancellationTokenSource();
            var reads = stage.Store.Reads = new Hold();
            var waiting = Call(ctx, call, caller.Token);
            await reads.Arrived;
            Assert.False(waiting.IsCompleted);
            await caller.CancelAsync();
            var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            Assert.Equal(caller.Token, e.CancellationToken);
            Assert.True(waiting.IsCanceled);

            reads.Release();
            stage.Store.Reads = null;
            await ctx.UpdateRunaSessionAsync("web", session => session.Update(Keys.Visits, 0, n => n + 10));
        });

        Assert.Equal(11, await stage.VisitsAsync(browser));
    }

    [Fact(DisplayName = "ISession.LoadAsync heeds a token cancelled midway, and can be called again")]
    public async Task AspNet()
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaAspNetSession());
        var browser = await stage.EstablishedAsync();
        stage.Store.FailsToRead = true;

        await stage.RequestAsync(browser, async ctx =>
        {
            Assert.False(ctx.Session.IsAvailable);
            stage.Store.FailsToRead = false;
            using var caller = new CancellationTokenSource();
            var reads = stage.Store.Reads = new Hold();
            var waiting = ctx.Session.LoadAsync(caller.Token);
            await reads.Arrived;
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            reads.Release();
            stage.Store.Reads = null;
            await ctx.Session.LoadAsync();
            Assert.True(ctx.Session.IsAvailable);
            Assert.Equal(1, ctx.GetRunaSession().Get(Keys.Visits));
        });
    }

    private static Task Call(HttpContext ctx, string call, CancellationToken token) => call switch
    {
        "load" => ctx.LoadRunaSessionAsync(cancellationToken: token),
        "update" => ctx.UpdateRunaSessionAsync("web", session => session.Clear(), token),
        "update with a result" => ctx.UpdateRunaSessionAsync("web", session => session.Remove(Keys.Visits), token),
        _ => ctx.GetRunaSession().ReloadAsync(token),
    };
}
