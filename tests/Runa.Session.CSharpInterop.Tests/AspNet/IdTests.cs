using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: the Id.</summary>
public class IdTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "the Id is a GUID, which stays for the session's life"), MemberData(nameof(Both))]
    public async Task Stays(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var id = await visitor.AsksAsync(session => session.Id);
        Assert.True(Guid.TryParseExact(id, "D", out _));
        await visitor.DoesAsync(session => session.SetInt32("a", 2));
        site.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));
    }

    [Theory(DisplayName = "an Id that is read before anything is set is the one that stays"), MemberData(nameof(Both))]
    public async Task ReadBeforeSet(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var (before, after) = await visitor.AsksAsync(session =>
        {
            var before = session.Id;
            session.SetInt32("a", 1);
            return (before, session.Id);
        });

        Assert.Equal(before, after);
        Assert.Equal(before, await visitor.AsksAsync(session => session.Id));
    }

    [Theory(DisplayName = "if nothing is set, the Id lasts for one request, and no cookie is sent"), MemberData(nameof(Both))]
    public async Task NothingSet(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        Assert.True(await visitor.AsksAsync(session => session.Id == session.Id));
        Assert.NotEqual(await visitor.AsksAsync(session => session.Id), await visitor.AsksAsync(session => session.Id));
        Assert.Empty(visitor.Browser.Cookies);
        Assert.Equal(0, site.Store.Writes);
    }

    [Theory(DisplayName = "two browsers have two Ids"), MemberData(nameof(Both))]
    public async Task TwoBrowsers(Of of)
    {
        await using var site = await Site.StartAsync(of);

        string Establish(ISession session)
        {
            session.SetInt32("a", 1);
            return session.Id;
        }

        Assert.NotEqual(await site.NewVisitor().AsksAsync(Establish), await site.NewVisitor().AsksAsync(Establish));
    }

    [Theory(DisplayName = "the Id survives Clear and the removal of everything"), MemberData(nameof(Both))]
    public async Task SurvivesClear(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var id = await visitor.AsksAsync(session =>
        {
            session.SetInt32("a", 1);
            return session.Id;
        });

        await visitor.DoesAsync(session => session.Clear());
        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        await visitor.DoesAsync(session => session.Remove("a"));
        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));
    }

    [Theory(DisplayName = "the Id is not in the cookie"), MemberData(nameof(Both))]
    public async Task NotTheCookie(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var id = await visitor.AsksAsync(session => session.Id);
        Assert.DoesNotContain(id, visitor.Browser.Cookies.Values.Single(), StringComparison.OrdinalIgnoreCase);
    }
}
