using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: a store that does not answer.</summary>
public class StoreDownTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "promise 25: a request that does not use its session succeeds while the store is down"), MemberData(nameof(Both))]
    public async Task Untouched(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;
        var answer = await visitor.RequestAsync(ctx => ctx.Response.WriteAsync("fine"));
        Assert.Equal((HttpStatusCode.OK, "fine"), (answer.Status, answer.Body));

        // The framework asks the store at the end; ours does not.
        Assert.Equal(of == Of.Framework, site.Logs.All.Any(line => line is { Level: LogLevel.Error, Error: not null }));
        var looking = await visitor.RequestAsync(ctx => ctx.Response.WriteAsync($"{ctx.Session.IsAvailable}"));
        Assert.Equal((HttpStatusCode.OK, "False"), (looking.Status, looking.Body));
        Assert.Contains(site.Logs.All, line => line is { Level: LogLevel.Error, Error: not null });
    }

    [Theory(DisplayName = "a session that could not be loaded is not available, and empty"), MemberData(nameof(Both))]
    public async Task NotAvailable(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;

        await visitor.DoesAsync(session =>
        {
            Assert.False(session.IsAvailable);
            Assert.Equal("", session.Id);
            Assert.Empty(session.Keys);
            Assert.False(session.TryGetValue("a", out _));
            Assert.Null(session.GetInt32("a"));
        });
    }

    [Theory(DisplayName = "a session that is not available checks its arguments, except the key of Set"), MemberData(nameof(Both))]
    public async Task Arguments(Of of)
    {
        await using var site = await Site.StartAsync(of, options: o => o.IgnoreCommitFailures = true);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;

        await visitor.DoesAsync(session =>
        {
            Assert.False(session.IsAvailable);
            Assert.Throws<ArgumentNullException>(() => session.Set("a", null!));
            Assert.Throws<ArgumentNullException>(() => session.TryGetValue(null!, out _));
            Assert.Throws<ArgumentNullException>(() => session.Remove(null!));
            session.Set(new string('k', 70_000), [1]);
        });
    }

    [Theory(DisplayName = "when the store is back, so is the session"), MemberData(nameof(Both))]
    public async Task BackAgain(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;
        await visitor.DoesAsync(session => Assert.False(session.IsAvailable));
        site.Store.IsDown = false;
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "LoadAsync raises what went wrong, and succeeds once the store answers"), MemberData(nameof(Both))]
    public async Task Load(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            await Assert.ThrowsAnyAsync<Exception>(() => ctx.Session.LoadAsync(CancellationToken.None));
            await Assert.ThrowsAnyAsync<Exception>(() => ctx.Session.LoadAsync(CancellationToken.None));
            site.Store.IsDown = false;
            await ctx.Session.LoadAsync();
            Assert.True(ctx.Session.IsAvailable);
            Assert.Equal(1, ctx.Session.GetInt32("a"));
            ctx.Session.SetInt32("a", 2);
        });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(2, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "CommitAsync raises what went wrong to its caller, and the commit is tried again"), MemberData(nameof(Both))]
    public async Task Commit(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            site.Store.WritesFail = true;
            await Assert.ThrowsAnyAsync<Exception>(() => ctx.Session.CommitAsync(CancellationToken.None));
            Assert.Equal(2, ctx.Session.GetInt32("a"));
            site.Store.WritesFail = false;
            await ctx.Session.CommitAsync();
        });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(2, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "an application that caught what CommitAsync raised answers as it likes"), MemberData(nameof(Both))]
    public async Task Told(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.WritesFail = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 2);

            try
            {
                await ctx.Session.CommitAsync();
            }
            catch (Exception)
            {
                await ctx.Response.WriteAsync("Not saved, try again.");
            }
        });

        Assert.Equal((HttpStatusCode.OK, "Not saved, try again."), (answer.Status, answer.Body));
        Assert.Contains(site.Logs.All, line => line is { Level: LogLevel.Error, Error: not null });
    }

    [Theory(DisplayName = "CommitAsync of a session that is not available raises"), MemberData(nameof(Both))]
    public async Task CommitUnavailable(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            Assert.False(ctx.Session.IsAvailable);
            await Assert.ThrowsAnyAsync<Exception>(() => ctx.Session.CommitAsync(CancellationToken.None));
        });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory(DisplayName = "when an exception passes, a commit that fails is logged and the exception goes on"), MemberData(nameof(Both))]
    public async Task Exception(Of of)
    {
        await using var site = await Site.StartAsync(of, outer: app => app.UseExceptionHandler(ResponseTests.Sorry));
        var visitor = await EstablishedAsync(site);
        site.Store.WritesFail = true;

        var answer = await visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            throw new TimeZoneNotFoundException();
        });

        Assert.Equal((HttpStatusCode.InternalServerError, "Sorry"), (answer.Status, answer.Body));
        Assert.Contains(site.Logs.All, line => line.Error is TimeZoneNotFoundException && line.Category.Contains("ExceptionHandler", StringComparison.Ordinal));
        Assert.Contains(site.Logs.All, line => line is { Level: LogLevel.Error, Error: IOException or SessionStoreException });
    }

    [Theory(DisplayName = "if commit failures are ignored, the request succeeds and the failure is logged"), MemberData(nameof(Both))]
    public async Task Ignored(Of of)
    {
        await using var site = await Site.StartAsync(of, options: o => o.IgnoreCommitFailures = true);
        var visitor = await EstablishedAsync(site);
        site.Store.WritesFail = true;

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            await ctx.Response.WriteAsync("fine");
        });

        Assert.Equal((HttpStatusCode.OK, "fine"), (answer.Status, answer.Body));
        Assert.Contains(site.Logs.All, line => line is { Level: LogLevel.Error, Error: IOException or SessionStoreException });
        site.Store.WritesFail = false;
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "if commit failures are ignored, so are changes of a session that is not available"), MemberData(nameof(Both))]
    public async Task IgnoredUnavailable(Of of)
    {
        await using var site = await Site.StartAsync(of, options: o => o.IgnoreCommitFailures = true);
        var visitor = await EstablishedAsync(site);
        site.Store.IsDown = true;

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("a", 2);
            session.Remove("a");
            session.Clear();
            Assert.False(session.IsAvailable);
        });

        site.Store.IsDown = false;
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    internal static async Task<Visitor> EstablishedAsync(Site site)
    {
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        return visitor;
    }
}
