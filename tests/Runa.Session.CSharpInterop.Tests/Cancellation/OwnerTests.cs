using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Cancellation;

/// <summary>Listing and ending by owner, on a store that does not answer.</summary>
public class OwnerTests
{
    [Theory(DisplayName = "a token cancelled midway ends the wait for a call of RunaSessions")]
    [InlineData("list", true)]
    [InlineData("revoke", true)]
    [InlineData("revoke", false)]
    [InlineData("revoke owner", true)]
    [InlineData("revoke owner", false)]
    [InlineData("revoke others", true)]
    [InlineData("revoke others", false)]
    [InlineData("revoke all", false)]
    [InlineData("count", true)]
    public async Task Midway(string call, bool atARead)
    {
        await using var stage = await Stage.StartAsync();
        var browser = await stage.EstablishedAsync();
        var other = await stage.EstablishedAsync();
        var handle = (await stage.App.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken))[0].Handle;

        await stage.RequestAsync(browser, async ctx =>
        {
            var session = await ctx.LoadRunaSessionAsync();
            using var caller = new CancellationTokenSource();
            var hold = new Hold();
            (stage.Store.Reads, stage.Store.Writes) = (atARead ? hold : null, atARead ? null : hold);
            var waiting = Call(stage.App.Sessions, session, handle, call, caller.Token);
            await hold.Arrived;
            Assert.False(waiting.IsCompleted);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            (stage.Store.Reads, stage.Store.Writes) = (null, null);
            hold.Release();
        });

        // What is left can be ended by calling again.
        await stage.App.Sessions.RevokeAllAsync("web", TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (await stage.VisitsAsync(browser), await stage.VisitsAsync(other)));
    }

    [Fact(DisplayName = "a token cancelled midway ends the wait for a purge")]
    public async Task Purge()
    {
        await using var stage = await Stage.StartAsync();
        using var caller = new CancellationTokenSource();
        var hold = stage.Store.Purges = new Hold();
        var purging = stage.App.Sessions.PurgeExpiredAsync(caller.Token);
        await hold.Arrived;
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => purging);
        hold.Release();
    }

    [Fact(DisplayName = "promise 27: a token that is cancelled ends RevokeOwnerAsync between batches, and the rest can be ended by calling again")]
    public async Task BetweenBatches()
    {
        const int Sessions = 150;
        await using var stage = await Stage.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(_ => stage.EstablishedAsync()));
        using var caller = new CancellationTokenSource();
        stage.Store.Deleting = caller.Cancel;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => stage.App.Sessions.RevokeOwnerAsync("web", "ada", caller.Token));

        stage.Store.Deleting = null;
        var left = await LeftAsync();
        Assert.InRange(left, Sessions - 100, Sessions - 1);
        Assert.Equal(left, await stage.App.Sessions.RevokeOwnerAsync("web", "ada", TestContext.Current.CancellationToken));
        Assert.Equal(0, await LeftAsync());

        async Task<int> LeftAsync() =>
            (await stage.App.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken)).Count;
    }

    private static Task Call(RunaSessions sessions, RunaSession session, string handle, string call, CancellationToken token) => call switch
    {
        "list" => sessions.ListAsync("web", "ada", token),
        "revoke" => sessions.RevokeAsync("web", "ada", handle, token),
        "revoke owner" => sessions.RevokeOwnerAsync("web", "ada", token),
        "count" => sessions.CountAsync("web", token),
        "revoke others" => sessions.RevokeOthersAsync(session, token),
        _ => sessions.RevokeAllAsync("web", token),
    };
}
