using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: its end for want of requests.</summary>
public class LifeTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "after the idle timeout the session is empty and available, under another Id"), MemberData(nameof(Both))]
    public async Task Ends(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var id = await visitor.AsksAsync(session => session.Id);
        site.Clock.Advance(TimeSpan.FromMinutes(21));

        await visitor.DoesAsync(session =>
        {
            Assert.True(session.IsAvailable);
            Assert.Empty(session.Keys);
            Assert.NotEqual(id, session.Id);
        });
    }

    [Theory(DisplayName = "within the idle timeout the session is there"), MemberData(nameof(Both))]
    public async Task Stays(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        site.Clock.Advance(TimeSpan.FromMinutes(19));
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "requests that only look at the session move its idle end"), MemberData(nameof(Both))]
    public async Task MovedByUntouched(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));

        for (var i = 0; i < 12; i++)
        {
            site.Clock.Advance(TimeSpan.FromMinutes(15));
            await visitor.DoesAsync(session => Assert.True(session.IsAvailable));
        }

        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "reading and writing move its idle end"), MemberData(nameof(Both))]
    public async Task MovedByUse(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        await visitor.DoesAsync(session => session.GetInt32("a"));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        await visitor.DoesAsync(session => session.SetInt32("b", 1));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal((1, 1), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"))));
    }

    [Theory(DisplayName = "a value set after the end is kept, without the earlier values"), MemberData(nameof(Both))]
    public async Task BeginsAnew(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        site.Clock.Advance(TimeSpan.FromMinutes(21));
        await visitor.DoesAsync(session => session.SetInt32("b", 2));
        Assert.Equal(["b"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "one browser's requests do not keep another's session alive"), MemberData(nameof(Both))]
    public async Task EachOnItsOwn(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var (one, other) = (site.NewVisitor(), site.NewVisitor());
        await one.DoesAsync(session => session.SetInt32("a", 1));
        await other.DoesAsync(session => session.SetInt32("a", 2));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        await one.DoesAsync(session => Assert.True(session.IsAvailable));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(1, await one.AsksAsync(session => session.GetInt32("a")));
        Assert.Null(await other.AsksAsync(session => session.GetInt32("a")));
    }
}
