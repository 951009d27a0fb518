using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: started responses, exceptions, error pages.</summary>
public class ResponseTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "after the response has started no session can be established, and nothing is stored"), MemberData(nameof(Both))]
    public async Task NewAfterStart(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(async ctx =>
        {
            Assert.True(ctx.Session.IsAvailable);
            await ctx.Response.WriteAsync("begun");
            var raised = Assert.Throws<InvalidOperationException>(() => ctx.Session.SetInt32("a", 1));
            Assert.Equal("The session cannot be established after the response has started.", raised.Message);
            Assert.Null(ctx.Session.GetInt32("a"));
            ctx.Session.Remove("a");
            ctx.Session.Clear();
        });

        Assert.Equal("begun", answer.Body);
        Assert.Empty(answer.SetCookies);
        Assert.Equal(0, site.Store.Writes);
    }

    [Theory(DisplayName = "after the response has started an established session can be changed, and it is saved"), MemberData(nameof(Both))]
    public async Task ActiveAfterStart(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.DoesAsync(session =>
        {
            session.SetInt32("a", 1);
            session.SetInt32("b", 1);
        });
        await visitor.RequestAsync(async ctx =>
        {
            Assert.True(ctx.Session.IsAvailable);
            await ctx.Response.WriteAsync("begun");
            ctx.Session.SetInt32("a", 2);
            ctx.Session.Remove("b");
        });

        Assert.Equal((2, null), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"))));

        await visitor.RequestAsync(async ctx =>
        {
            Assert.True(ctx.Session.IsAvailable);
            await ctx.Response.WriteAsync("begun");
            ctx.Session.Clear();
        });

        Assert.Empty(await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "a session established before the response started can be changed afterwards"), MemberData(nameof(Both))]
    public async Task BeforeAndAfterStart(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("before", 1);
            await ctx.Response.WriteAsync("begun");
            ctx.Session.SetInt32("after", 2);
        });

        Assert.Equal((1, 2), await visitor.AsksAsync(session => (session.GetInt32("before"), session.GetInt32("after"))));
    }

    [Theory(DisplayName = "what a callback of OnStarting sets is saved, with its cookie"), MemberData(nameof(Both))]
    public async Task OnStarting(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Response.OnStarting(() =>
            {
                ctx.Session.SetInt32("a", 1);
                return Task.CompletedTask;
            });

            await ctx.Response.WriteAsync("body");
        });

        Assert.Single(answer.SetCookies);
        Assert.Equal("-1", answer.Header("expires"));
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "what was changed before an exception is saved, and the exception goes on"), MemberData(nameof(Both))]
    public async Task Exception(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            throw new TimeZoneNotFoundException();
        });

        Assert.Equal((HttpStatusCode.InternalServerError, nameof(TimeZoneNotFoundException)), (answer.Status, answer.Body));
        Assert.Single(answer.SetCookies);
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "what was changed before an exception in the middle of a response is saved"), MemberData(nameof(Both))]
    public async Task ExceptionAfterStart(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));

        await Assert.ThrowsAnyAsync<Exception>(() => visitor.RequestAsync(async ctx =>
        {
            Assert.True(ctx.Session.IsAvailable);
            await ctx.Response.WriteAsync("begun");
            ctx.Session.SetInt32("a", 2);
            throw new TimeZoneNotFoundException();
        }));

        Assert.Equal(2, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "promise 20: the cookie of a session that was saved survives the error page"), MemberData(nameof(Both))]
    public async Task ErrorPage(Of of)
    {
        await using var site = await Site.StartAsync(of, outer: app => app.UseExceptionHandler(Sorry));
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            throw new TimeZoneNotFoundException();
        });

        Assert.Equal((HttpStatusCode.InternalServerError, "Sorry"), (answer.Status, answer.Body));
        Assert.Single(answer.SetCookies);
        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Fact(DisplayName = "an error page to which the same middleware leads sees what was saved")]
    public async Task ErrorPath()
    {
        await using var site = await Site.StartAsync(
            Of.Runa,
            outer: app => app.UseExceptionHandler("/error"),
            inner: app => app.Use((ctx, next) =>
                ctx.Request.Path == "/error" ? ctx.Response.WriteAsync($"a is {ctx.Session.GetInt32("a")}") : next(ctx)));
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(async ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            await ctx.Session.CommitAsync();
            throw new TimeZoneNotFoundException();
        });

        Assert.Equal((HttpStatusCode.InternalServerError, "a is 1"), (answer.Status, answer.Body));
    }

    [Fact(DisplayName = "the session may have been looked at before the middleware")]
    public async Task LookedAtBefore()
    {
        await using var site = await Site.StartAsync(
            Of.Runa,
            outer: app => app.Use(async (ctx, next) =>
            {
                await ctx.LoadRunaSessionAsync("web");
                await next(ctx);
            }));
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            return Task.CompletedTask;
        });

        Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
    }

    [Theory(DisplayName = "an error page behind the middleware sees and changes the session"), MemberData(nameof(Both))]
    public async Task InnerErrorPage(Of of)
    {
        await using var site = await Site.StartAsync(
            of,
            inner: app => app.UseExceptionHandler(new ExceptionHandlerOptions
            {
                ExceptionHandler = async ctx =>
                {
                    ctx.Session.SetInt32("errors", 1);
                    await ctx.Response.WriteAsync($"a is {ctx.Session.GetInt32("a")}");
                },
            }));
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 1);
            throw new TimeZoneNotFoundException();
        });

        Assert.Equal("a is 1", answer.Body);
        Assert.Equal((1, 1), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("errors"))));
    }

    [Theory(DisplayName = "a request is saved even if its client has hung up"), MemberData(nameof(Both))]
    public async Task Aborted(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));

        await Assert.ThrowsAnyAsync<Exception>(() => visitor.RequestAsync(ctx =>
        {
            ctx.Session.SetInt32("a", 2);
            ctx.Abort();
            ctx.RequestAborted.ThrowIfCancellationRequested();
            return Task.CompletedTask;
        }));

        // The client hears of the end before the server has saved.
        int? saved = null;

        for (var asked = 0; asked < 500 && saved != 2; asked++)
        {
            saved = await visitor.AsksAsync(session => session.GetInt32("a"));
        }

        Assert.Equal(2, saved);
    }

    internal static void Sorry(IApplicationBuilder error) => error.Run(ctx => ctx.Response.WriteAsync("Sorry"));
}
