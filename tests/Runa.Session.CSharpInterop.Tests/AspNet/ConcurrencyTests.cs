using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Where ours differs from the framework's: requests of one browser that overlap.</summary>
public class ConcurrencyTests
{
    [Theory(DisplayName = "promise 12: when two requests change different keys, both changes survive; with the framework only those of the last one do")]
    [InlineData(Of.Framework, 1)]
    [InlineData(Of.Runa, 2)]
    public async Task DifferentKeys(Of of, int survivors)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        using var both = new Barrier2();

        RequestDelegate Sets(string key) => async ctx =>
        {
            Assert.Equal(1, ctx.Session.GetInt32("a"));
            await both.MeetAsync();
            ctx.Session.SetInt32(key, 1);
        };

        await Task.WhenAll(visitor.RequestAsync(Sets("b")), visitor.RequestAsync(Sets("c")));
        Assert.Equal(1 + survivors, await visitor.AsksAsync(session => session.Keys.Count()));
    }

    [Fact(DisplayName = "promise 12: when fifty concurrent requests change different keys, all changes survive")]
    public async Task Many()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var id = await visitor.AsksAsync(session => session.Id);
        var keys = Enumerable.Range(0, 50).Select(n => $"key{n:00}").ToArray();

        await Task.WhenAll(keys.Select(key => visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetString(key, key);
            await Task.Yield();
        })));

        Assert.Equal(keys.Prepend("a"), await visitor.AsksAsync(session => session.Keys.Order().ToArray()));
        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));
    }

    [Theory(DisplayName = "Clear of an empty session leaves what another request sets meanwhile")]
    [InlineData(Of.Framework)]
    [InlineData(Of.Runa)]
    public async Task ClearedEmpty(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        await visitor.DoesAsync(session => session.Remove("a"));

        await visitor.RequestAsync(async ctx =>
        {
            Assert.Empty(ctx.Session.Keys);
            await visitor.Copy().DoesAsync(session => session.SetInt32("b", 2));
            ctx.Session.Clear();
        });

        Assert.Equal(["b"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Fact(DisplayName = "promise 12: a Clear of an empty session and then a Set leave what another request sets meanwhile")]
    public async Task ClearedEmptyThenSet()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        await visitor.DoesAsync(session => session.Remove("a"));

        await visitor.RequestAsync(async ctx =>
        {
            Assert.Empty(ctx.Session.Keys);
            await visitor.Copy().DoesAsync(session => session.SetInt32("b", 2));
            ctx.Session.Clear();
            ctx.Session.SetInt32("c", 3);
        });

        Assert.Equal(["b", "c"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "promise 12: values that another request cleared stay cleared; with the framework they come back")]
    [InlineData(Of.Framework, "a,b")]
    [InlineData(Of.Runa, "b")]
    public async Task Cleared(Of of, string left)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await StoreDownTests.EstablishedAsync(site);

        await visitor.RequestAsync(async ctx =>
        {
            Assert.Equal(1, ctx.Session.GetInt32("a"));
            await visitor.Copy().DoesAsync(session => session.Clear());
            ctx.Session.SetInt32("b", 2);
        });

        Assert.Equal(left, await visitor.AsksAsync(session => string.Join(',', session.Keys.Order())));
    }
}
