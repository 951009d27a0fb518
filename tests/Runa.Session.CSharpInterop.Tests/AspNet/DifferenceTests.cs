using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Where else ours differs from the framework's, as docs/use/aspnet-session.md says.</summary>
public class DifferenceTests
{
    [Theory(DisplayName = "promise 3: a value set after the session's end goes under a fresh id, with a new cookie; the framework goes on under the old id")]
    [InlineData(Of.Framework, 0)]
    [InlineData(Of.Runa, 1)]
    public async Task FreshAfterEnd(Of of, int cookies)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Clock.Advance(TimeSpan.FromMinutes(21));
        Assert.Equal(cookies, (await visitor.DoesAsync(session => session.SetInt32("b", 1))).SetCookies.Count);
    }

    [Theory(DisplayName = "promise 3: an expired session cannot be changed after the response has started, since that needs a new cookie")]
    [InlineData(Of.Framework, false)]
    [InlineData(Of.Runa, true)]
    public async Task ExpiredAfterStart(Of of, bool raises)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Clock.Advance(TimeSpan.FromMinutes(21));

        await visitor.RequestAsync(async ctx =>
        {
            Assert.True(ctx.Session.IsAvailable);
            await ctx.Response.WriteAsync("begun");
            Assert.Equal(raises, Record.Exception(() => ctx.Session.SetInt32("b", 1)) is InvalidOperationException);
        });
    }

    [Theory(DisplayName = "an array that was read is a copy; the framework's is the value itself until the request ends")]
    [InlineData(Of.Framework, 9)]
    [InlineData(Of.Runa, 1)]
    public async Task CopyOnRead(Of of, byte then)
    {
        await using var site = await Site.StartAsync(of);

        Assert.Equal([then], await site.NewVisitor().AsksAsync(session =>
        {
            session.Set("key", [1]);
            session.Get("key")![0] = 9;
            return session.Get("key")!;
        }));
    }

    [Theory(DisplayName = "for a visitor without a cookie the store is not asked; the framework asks it")]
    [InlineData(Of.Framework, true)]
    [InlineData(Of.Runa, false)]
    public async Task NoCookieNoCall(Of of, bool asks)
    {
        await using var site = await Site.StartAsync(of);
        await site.NewVisitor().DoesAsync(session => session.GetInt32("a"));
        Assert.Equal(asks, site.Store.Reads > 0);
    }

    [Fact(DisplayName = "the session is loaded when it is first looked at, with one call")]
    public async Task WhenLookedAt()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var before = site.Store.Reads;

        await visitor.RequestAsync(async ctx =>
        {
            Assert.Equal(before, site.Store.Reads);
            _ = ctx.Session.GetInt32("a");
            Assert.Equal(before + 1, site.Store.Reads);
            await ctx.Session.LoadAsync(CancellationToken.None);
            _ = ctx.Session.Id;
        });

        Assert.Equal(before + 1, site.Store.Reads);
    }

    [Theory(DisplayName = "for a request that does not look at the session the store is not asked; the framework loads it at the end")]
    [InlineData(Of.Framework, true)]
    [InlineData(Of.Runa, false)]
    public async Task UntouchedNoCall(Of of, bool asks)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var before = (site.Store.Reads, site.Store.Writes);
        await visitor.DoesAsync(_ => { });
        Assert.Equal(asks, before != (site.Store.Reads, site.Store.Writes));
    }

    [Theory(DisplayName = "promise 7: a request that does not look at the session does not move its idle end; with the framework each request does")]
    [InlineData(Of.Framework, 1)]
    [InlineData(Of.Runa, null)]
    public async Task NotMovedByUntouched(Of of, int? left)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);

        for (var i = 0; i < 2; i++)
        {
            site.Clock.Advance(TimeSpan.FromMinutes(15));
            await visitor.DoesAsync(_ => { });
        }

        Assert.Equal(left, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "promise 20: a first look after the response has started raises; with the framework caches are not told")]
    [InlineData(Of.Framework, "")]
    [InlineData(Of.Runa, "The session \"web\" is asked for too late: the response has started")]
    public async Task TooLate(Of of, string message)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);

        await visitor.RequestAsync(async ctx =>
        {
            await ctx.Response.WriteAsync("begun");
            Assert.StartsWith(message, Record.Exception(() => ctx.Session.GetInt32("a"))?.Message ?? "", StringComparison.Ordinal);
        });
    }

    [Fact(DisplayName = "promise 20: a response whose request looked at the session tells caches that it depends on the cookie and is private")]
    public async Task Caches()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var answer = await site.NewVisitor().DoesAsync(session => Assert.Empty(session.Keys));
        Assert.Equal(("Cookie", "private"), (answer.Header("vary"), answer.Header("cache-control")));
    }

    [Fact(DisplayName = "promise 7: by default a session ends after two hours, whatever happens, and has no idle timeout")]
    public async Task AbsoluteEnd()
    {
        await using var site = await Site.StartAsync(Of.Runa, session: web =>
        {
            web.Ttl = new RunaSessionOptions().Ttl;
            web.IdleTimeout = new RunaSessionOptions().IdleTimeout;
        });
        var visitor = await StoreDownTests.EstablishedAsync(site);
        site.Clock.Advance(TimeSpan.FromMinutes(119));
        await visitor.DoesAsync(session => session.SetInt32("b", session.GetInt32("a")!.Value));
        site.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Fact(DisplayName = "promise 18: a session over MaxBytes is an error before the response; bytes take a third more, as base64")]
    public async Task TooLarge()
    {
        await using var site = await Site.StartAsync(Of.Runa, session: web => web.MaxBytes = new RunaSessionOptions().MaxBytes);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.Set("key", new byte[48_000]));

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.Set("key", new byte[50_000]);
            await ctx.Response.WriteAsync("Saved!");
        });

        Assert.Equal((HttpStatusCode.InternalServerError, nameof(SessionTooLargeException)), (answer.Status, answer.Body));
        Assert.Equal(48_000, await visitor.AsksAsync(session => session.Get("key")!.Length));
    }

    [Fact(DisplayName = "a session that is kept beyond its request can be read but not changed; the framework drops the change")]
    public async Task KeptBeyond()
    {
        await using var site = await Site.StartAsync(Of.Runa, onKestrel: true);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        ISession? kept = null;

        await visitor.RequestAsync(ctx =>
        {
            kept = ctx.Session;
            Assert.True(kept.IsAvailable);
            return ctx.Response.WriteAsync("body");
        });

        Assert.Equal(1, kept!.GetInt32("a"));
        Assert.ThrowsAny<InvalidOperationException>(() => kept!.SetInt32("a", 2));

        await visitor.RequestAsync(ctx =>
        {
            Assert.ThrowsAny<InvalidOperationException>(() => kept!.SetInt32("a", 2));
            Assert.ThrowsAny<InvalidOperationException>(() => kept!.Remove("a"));
            ctx.Session.SetInt32("b", 2);
            return ctx.Response.WriteAsync("body");
        });

        Assert.Equal((1, 2), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"))));
    }

    [Fact(DisplayName = "promise 20: a session that is kept beyond its request, and was not looked at there, cannot be read")]
    public async Task KeptUnseen()
    {
        await using var site = await Site.StartAsync(Of.Runa, onKestrel: true);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        ISession? kept = null;
        await visitor.RequestAsync(ctx =>
        {
            kept = ctx.Session;
            return Task.CompletedTask;
        });
        Assert.Contains("its request has ended", Assert.ThrowsAny<InvalidOperationException>(() => kept!.GetInt32("a")).Message, StringComparison.Ordinal);

        var answer = await visitor.RequestAsync(ctx =>
        {
            Assert.ThrowsAny<InvalidOperationException>(() => kept!.GetInt32("a"));
            return ctx.Response.WriteAsync("body");
        });

        Assert.Equal("", answer.Header("vary"));
    }

    [Fact(DisplayName = "a value set between the middleware's end and the first byte is saved; the framework drops it")]
    public async Task Late()
    {
        ISession? kept = null;

        await using var site = await Site.StartAsync(Of.Runa, outer: app => app.Use(async (ctx, next) =>
        {
            await next(ctx);
            kept?.SetInt32("late", 1);
            await ctx.Response.WriteAsync("body");
        }));
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(ctx =>
        {
            kept = ctx.Session;
            return Task.CompletedTask;
        });

        kept = null;
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("late")));
    }

    [Fact(DisplayName = "an unregistered name raises when the pipeline is built")]
    public async Task UnknownName()
    {
        var raised = await Assert.ThrowsAsync<InvalidOperationException>(() => App.StartAsync(app => app.UseRunaAspNetSession("wbe")));
        Assert.Contains("Did you mean \"web\"?", raised.Message, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "without AddRunaSession it says what to call")]
    public void NotConfigured()
    {
        var raised = Assert.Throws<InvalidOperationException>(() => App.Build(app => app.UseRunaAspNetSession(), sessions: null));
        Assert.Contains("AddRunaSession", raised.Message, StringComparison.Ordinal);
    }
}
