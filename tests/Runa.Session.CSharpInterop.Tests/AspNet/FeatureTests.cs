using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: the feature, LoadAsync and CommitAsync.</summary>
public class FeatureTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "a library finds the session in ISessionFeature"), MemberData(nameof(Both))]
    public async Task Library(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(ctx =>
        {
            var session = ctx.Features.Get<ISessionFeature>()!.Session;
            Assert.Same(ctx.Session, session);
            session.SetString("from", "a library");
            return Task.CompletedTask;
        });

        Assert.Equal("a library", await visitor.AsksAsync(session => session.GetString("from")));
    }

    [Theory(DisplayName = "before and after the middleware there is no session"), MemberData(nameof(Both))]
    public async Task Outside(Of of)
    {
        var seen = new List<bool>();

        await using var site = await Site.StartAsync(of, outer: app => app.Use(async (ctx, next) =>
        {
            seen.Add(ctx.Features.Get<ISessionFeature>() is null);

            try
            {
                await next(ctx);
            }
            finally
            {
                seen.Add(ctx.Features.Get<ISessionFeature>() is null);
                Assert.Throws<InvalidOperationException>(() => ctx.Session);
            }
        }));

        await site.NewVisitor().DoesAsync(session => session.SetInt32("a", 1));
        await site.NewVisitor().RequestAsync(_ => throw new TimeZoneNotFoundException());
        Assert.Equal([true, true, true, true], seen);
    }

    [Theory(DisplayName = "a session that a library wraps around ours is used, and committed"), MemberData(nameof(Both))]
    public async Task Wrapped(Of of)
    {
        Wrapper? wrapper = null;

        await using var site = await Site.StartAsync(of, inner: app => app.Use(async (ctx, next) =>
        {
            ctx.Session = wrapper = new Wrapper(ctx.Session);
            await next(ctx);
        }));
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            Assert.IsType<Wrapper>(session);
            session.SetInt32("a", 1);
        });

        Assert.Equal(1, wrapper!.Commits);
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "CommitAsync saves at once: other requests see it"), MemberData(nameof(Both))]
    public async Task Commit(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));

        await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await ctx.Session.CommitAsync();
            Assert.Equal(2, await visitor.Copy().AsksAsync(session => session.GetInt32("a")));
        });
    }

    [Theory(DisplayName = "CommitAsync may be called repeatedly and without changes, and later changes are saved too"), MemberData(nameof(Both))]
    public async Task CommitOften(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(async ctx =>
        {
            await ctx.Session.CommitAsync();
            ctx.Session.SetInt32("a", 1);
            await ctx.Session.CommitAsync();
            await ctx.Session.CommitAsync();
            ctx.Session.SetInt32("b", 2);
        });

        Assert.Single(answer.SetCookies);
        Assert.Equal((1, 2), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"))));
    }

    [Theory(DisplayName = "CommitAsync that is cancelled raises, and the change is saved at the end"), MemberData(nameof(Both))]
    public async Task CommitCancelled(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(async ctx =>
        {
            var cancelled = new CancellationToken(canceled: true);
            ctx.Session.SetInt32("a", 1);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ctx.Session.CommitAsync(cancelled));
        });

        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "LoadAsync can be called first, and again"), MemberData(nameof(Both))]
    public async Task Load(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));

        await visitor.RequestAsync(async ctx =>
        {
            await ctx.Session.LoadAsync();
            Assert.True(ctx.Session.IsAvailable);
            ctx.Session.SetInt32("a", ctx.Session.GetInt32("a")!.Value + 1);
            await ctx.Session.LoadAsync();
            Assert.Equal(2, ctx.Session.GetInt32("a"));
        });

        Assert.Equal(2, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "a cancelled LoadAsync raises before the session is first used, and does nothing afterwards"), MemberData(nameof(Both))]
    public async Task LoadCancelled(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var cancelled = new CancellationToken(canceled: true);

        await visitor.RequestAsync(async ctx =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ctx.Session.LoadAsync(cancelled));
            Assert.Equal(1, ctx.Session.GetInt32("a"));
            await ctx.Session.LoadAsync(cancelled);
        });
        await visitor.RequestAsync(async ctx =>
        {
            await ctx.Session.LoadAsync();
            await ctx.Session.LoadAsync(cancelled);
        });
    }

    private sealed class Wrapper(ISession inner) : ISession
    {
        public int Commits { get; private set; }

        public bool IsAvailable => inner.IsAvailable;

        public string Id => inner.Id;

        public IEnumerable<string> Keys => inner.Keys;

        public void Clear() => inner.Clear();

        public Task CommitAsync(CancellationToken cancellationToken = default)
        {
            Commits++;
            return inner.CommitAsync(cancellationToken);
        }

        public Task LoadAsync(CancellationToken cancellationToken = default) => inner.LoadAsync(cancellationToken);

        public void Remove(string key) => inner.Remove(key);

        public void Set(string key, byte[] value) => inner.Set(key, value);

        public bool TryGetValue(string key, [NotNullWhen(true)] out byte[]? value) => inner.TryGetValue(key, out value);
    }
}
