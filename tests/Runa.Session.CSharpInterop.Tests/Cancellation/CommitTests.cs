using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Cancellation;

/// <summary>A commit that has begun is finished; before, a token ends the waiting, and nothing is saved.</summary>
public class CommitTests
{
    public static TheoryData<string> Commits => ["update", "RunaSession", "ISession"];

    [Theory(DisplayName = "promise 15: a token cancelled while the store writes does not end the commit, which is waited for"), MemberData(nameof(Commits))]
    public async Task WhileWriting(string call)
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaAspNetSession());
        var browser = await stage.EstablishedAsync();

        await stage.RequestAsync(browser, async ctx =>
        {
            using var caller = new CancellationTokenSource();
            var writes = stage.Store.Writes = new Hold();
            var committing = Call(ctx, call, caller.Token);
            await writes.Arrived;
            await caller.CancelAsync();
            Assert.False(committing.IsCompleted);
            writes.Release();
            await committing;
            stage.Store.Writes = null;
        });

        Assert.Equal(11, await stage.VisitsAsync(browser));
    }

    [Theory(DisplayName = "promise 15: a commit cancelled while another one of the request is under way saves nothing; it is still to be committed"), MemberData(nameof(Commits))]
    public async Task WhileAnotherWrites(string call)
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaAspNetSession());
        var browser = await stage.EstablishedAsync();

        await stage.RequestAsync(browser, async ctx =>
        {
            using var caller = new CancellationTokenSource();
            var writes = stage.Store.Writes = new Hold();
            var first = ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Name, "Ada"));
            await writes.Arrived;
            var second = Call(ctx, call, caller.Token);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
            Assert.False(first.IsCompleted);
            writes.Release();
            await first;
            stage.Store.Writes = null;
            Assert.Equal((call == "update" ? 1 : 11, "Ada"), Seen(ctx.GetRunaSession()));
            Assert.Equal((1, "Ada"), await StoredAsync(stage, browser.Copy()));
        });

        // A step that was cancelled is gone; what was set is committed at the end of the request.
        Assert.Equal(call == "update" ? 1 : 11, await stage.VisitsAsync(browser));
    }

    [Theory(DisplayName = "promise 15: a commit cancelled in the queue behind other requests saves nothing, and lets the next ones in"), MemberData(nameof(Commits))]
    public async Task InTheQueue(string call)
    {
        await using var stage = await Stage.StartAsync(app => app.UseRunaAspNetSession());
        var browser = await stage.EstablishedAsync();
        var writes = new Hold();

        await stage.RequestAsync(browser, async ctx =>
        {
            // Another request was first: this one meets a conflict, gets its turn and keeps it, as the store does not answer.
            _ = ctx.GetRunaSession().Status;
            await stage.RequestAsync(browser.Copy(), other => other.UpdateRunaSessionAsync("web", AddHundred));
            stage.Store.Conflicted = () => stage.Store.Writes = writes;
            var ahead = ctx.UpdateRunaSessionAsync("web", AddHundred);
            await writes.Arrived;

            await stage.RequestAsync(browser.Copy(), async waiting =>
            {
                using var caller = new CancellationTokenSource();
                var committing = Call(waiting, call, caller.Token);
                Assert.False(committing.IsCompleted);
                await caller.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => committing);
                Assert.False(ahead.IsCompleted);
                writes.Release();
                await ahead;
            });
        });

        Assert.Equal(call == "update" ? 201 : 211, await stage.VisitsAsync(browser));
        await stage.RequestAsync(browser, ctx => ctx.UpdateRunaSessionAsync("web", AddHundred));
        Assert.Equal(call == "update" ? 301 : 311, await stage.VisitsAsync(browser));
    }

    [Fact(DisplayName = "a step that asks to stop after a conflict is not saved")]
    public async Task BetweenAttempts()
    {
        await using var stage = await Stage.StartAsync();
        var browser = await stage.EstablishedAsync();
        using var caller = new CancellationTokenSource();
        var attempts = 0;

        await stage.RequestAsync(browser, async ctx =>
        {
            await ctx.LoadRunaSessionAsync();
            await stage.RequestAsync(browser.Copy(), other => other.UpdateRunaSessionAsync("web", AddHundred));
            stage.Store.Conflicted = caller.Cancel;

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ctx.UpdateRunaSessionAsync(
                "web",
                session =>
                {
                    attempts++;
                    AddHundred(session);
                },
                caller.Token));
        });

        Assert.Equal(1, attempts);
        Assert.Equal(101, await stage.VisitsAsync(browser));
    }

    private static void AddHundred(RunaSession session) => session.Update(Keys.Visits, 0, n => n + 100);

    private static (int Visits, string? Name) Seen(RunaSession session) => (session.Get(Keys.Visits), session.Get(Keys.Name));

    private static async Task<(int Visits, string? Name)> StoredAsync(Stage stage, Browser browser)
    {
        (int, string?) seen = default;
        await stage.RequestAsync(browser, async ctx => seen = Seen(await ctx.LoadRunaSessionAsync()));
        return seen;
    }

    /// <summary>Adds ten visits, and commits them.</summary>
    private static Task Call(HttpContext ctx, string call, CancellationToken token)
    {
        if (call == "update")
        {
            return ctx.UpdateRunaSessionAsync("web", session => session.Update(Keys.Visits, 0, n => n + 10), token);
        }

        ctx.GetRunaSession().Update(Keys.Visits, 0, n => n + 10);
        return call == "ISession" ? ctx.Session.CommitAsync(token) : ctx.GetRunaSession().CommitAsync(token);
    }
}
