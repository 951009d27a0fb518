using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Where ours differs from the framework's: a commit that fails is an error.</summary>
public class FailedCommitTests
{
    public static TheoryData<bool> BothServers => [false, true];

    [Theory(DisplayName = "promise 14: a commit that fails is a 500 that the error page renders, with nothing of the endpoint's body"), MemberData(nameof(BothServers))]
    public async Task ErrorPage(bool onKestrel)
    {
        await using var site = await StartAsync(onKestrel);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.WritesFail = true;

        await IsSorryAsync(visitor, ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            return Task.CompletedTask;
        });
        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await ctx.Response.WriteAsync("Saved!");
        });
        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            "Saved!"u8.CopyTo(ctx.Response.BodyWriter.GetSpan(6));
            ctx.Response.BodyWriter.Advance(6);
            await ctx.Response.CompleteAsync();
        });

        site.Store.WritesFail = false;
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Fact(DisplayName = "promise 14: no cookie is sent for a session that could not be created")]
    public async Task NotCreated()
    {
        await using var site = await StartAsync();
        var visitor = site.NewVisitor();
        site.Store.WritesFail = true;

        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            await ctx.Response.WriteAsync("Saved!");
        });

        Assert.Empty(visitor.Browser.Cookies);
    }

    [Theory(DisplayName = "promise 14: changing a session that could not be loaded is an error before the first byte"), MemberData(nameof(BothServers))]
    public async Task Unavailable(bool onKestrel)
    {
        await using var site = await StartAsync(onKestrel);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        Action<ISession>[] changes = [session => session.SetInt32("a", 2), session => session.Remove("a"), session => session.Clear()];

        foreach (var change in changes)
        {
            site.Store.ReadsFail = true;

            await IsSorryAsync(visitor, async ctx =>
            {
                change(ctx.Session);
                await ctx.Response.WriteAsync("Saved!");
            });
            await IsSorryAsync(visitor, ctx =>
            {
                change(ctx.Session);
                return Task.CompletedTask;
            });

            site.Store.ReadsFail = false;
            Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
        }
    }

    [Fact(DisplayName = "a change that was lost while the store was down stays an error when it is back in the same request")]
    public async Task LostBefore()
    {
        await using var site = await StartAsync();
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.ReadsFail = true;

        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            site.Store.ReadsFail = false;
            await ctx.Session.LoadAsync(CancellationToken.None);
            ctx.Session.SetInt32("b", 2);
        });

        Assert.Equal(["a"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Fact(DisplayName = "promise 14: LoadAsync and CommitAsync raise SessionStoreException with the cause inside")]
    public async Task Causes()
    {
        await using var site = await StartAsync();
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.IsDown = true;

        await visitor.RequestAsync(async ctx =>
        {
            var load = await Assert.ThrowsAsync<SessionStoreException>(() => ctx.Session.LoadAsync(CancellationToken.None));
            Assert.IsType<IOException>(load.InnerException);
            var commit = await Assert.ThrowsAsync<SessionStoreException>(() => ctx.Session.CommitAsync(CancellationToken.None));
            Assert.Same(load, commit.InnerException);
        });
    }

    [Fact(DisplayName = "promise 12: a commit that failed before the first byte is not tried again when its exception passes")]
    public async Task TriedOnce()
    {
        await using var site = await StartAsync();
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.WritesFail = true;
        var before = site.Store.Writes;

        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await ctx.Response.WriteAsync("Saved!");
        });

        Assert.Equal(before + 1, site.Store.Writes);
    }

    [Fact(DisplayName = "a change made after CommitAsync has raised is an error again")]
    public async Task SetAfterTold()
    {
        await using var site = await StartAsync();
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.WritesFail = true;

        await IsSorryAsync(visitor, async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await Assert.ThrowsAsync<SessionStoreException>(() => ctx.Session.CommitAsync(CancellationToken.None));
            ctx.Session.SetInt32("b", 2);
        });
    }

    [Fact(DisplayName = "IgnoreCommitFailures logs one error and leaves CommitAsync raising")]
    public async Task Ignored()
    {
        await using var site = await StartAsync(options: o => o.IgnoreCommitFailures = true);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.WritesFail = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await Assert.ThrowsAsync<SessionStoreException>(() => ctx.Session.CommitAsync(CancellationToken.None));
            await ctx.Response.WriteAsync("fine");
        });

        Assert.Equal((HttpStatusCode.OK, "fine"), (answer.Status, answer.Body));
        var line = Assert.Single(site.Logs.All, line => line.Level == LogLevel.Error);
        Assert.Equal("Runa.Session.AspNetSession", line.Category);
        Assert.Equal("The changes to the session \"web\" could not be saved, and were dropped.", line.Text);
        Assert.IsType<SessionStoreException>(line.Error);
    }

    [Fact(DisplayName = "promise 15: a commit under way goes on when its caller hangs up")]
    public async Task CancelledMeanwhile()
    {
        await using var site = await StartAsync();
        var visitor = await StoreDownTests.EstablishedAsync(site);

        await visitor.RequestAsync(async ctx =>
        {
            using var caller = new CancellationTokenSource();
            site.Store.Writing = caller.Cancel;
            ctx.Session.SetInt32("a", 2);
            await ctx.Session.CommitAsync(caller.Token);
            Assert.True(caller.IsCancellationRequested);
            site.Store.Writing = null;
        });

        Assert.Equal(2, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Fact(DisplayName = "promise 14: a commit that fails while the response starts leaves no body and no success")]
    public async Task OnStarting()
    {
        await using var site = await StartAsync(onKestrel: true);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Store.WritesFail = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Response.OnStarting(() =>
            {
                ctx.Session.SetInt32("a", 2);
                return Task.CompletedTask;
            });

            await ctx.Response.WriteAsync("Saved!");
        });

        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.DoesNotContain("Saved!", answer.Body, StringComparison.Ordinal);
    }

    private static Task<Site> StartAsync(bool onKestrel = false, Action<RunaAspNetSessionOptions>? options = null) =>
        Site.StartAsync(Of.Runa, outer: app => app.UseExceptionHandler(ResponseTests.Sorry), options: options, onKestrel: onKestrel);

    private static async Task IsSorryAsync(Visitor visitor, RequestDelegate step)
    {
        var answer = await visitor.RequestAsync(step);
        Assert.Equal((HttpStatusCode.InternalServerError, "Sorry"), (answer.Status, answer.Body));
        Assert.Empty(answer.SetCookies);
    }
}
