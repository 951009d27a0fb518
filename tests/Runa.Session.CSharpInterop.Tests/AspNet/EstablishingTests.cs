using System.Net;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Behaviours that hold of the framework's session and of ours: when and how a session is established.</summary>
public class EstablishingTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "promise 8: no cookie is sent for reading, in whatever way"), MemberData(nameof(Both))]
    public async Task Reading(Of of)
    {
        await using var site = await Site.StartAsync(of);

        var answer = await site.NewVisitor().DoesAsync(session =>
        {
            Assert.True(session.IsAvailable);
            Assert.Empty(session.Keys);
            Assert.Null(session.GetString("a"));
            Assert.NotEmpty(session.Id);
        });

        Assert.Empty(answer.SetCookies);
        Assert.Equal("", answer.Header("pragma"));
        Assert.Equal("", answer.Header("expires"));
    }

    [Theory(DisplayName = "a request that touches nothing gets no cookie"), MemberData(nameof(Both))]
    public async Task Untouched(Of of)
    {
        await using var site = await Site.StartAsync(of);
        Assert.Empty((await site.NewVisitor().DoesAsync(_ => { })).SetCookies);
    }

    [Theory(DisplayName = "the first Set sends one cookie, for the whole site and hidden from scripts; later ones none"), MemberData(nameof(Both))]
    public async Task FirstSet(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var cookie = Assert.Single((await visitor.DoesAsync(session =>
        {
            session.SetInt32("a", 1);
            session.SetInt32("b", 1);
        })).SetCookies).ToLowerInvariant();

        Assert.Contains("; path=/", cookie, StringComparison.Ordinal);
        Assert.Contains("; samesite=lax", cookie, StringComparison.Ordinal);
        Assert.Contains("; httponly", cookie, StringComparison.Ordinal);
        Assert.Empty((await visitor.DoesAsync(session => session.SetInt32("a", 2))).SetCookies);
    }

    [Theory(DisplayName = "a response that establishes a session is not cached, whatever the endpoint says"), MemberData(nameof(Both))]
    public async Task NotCached(Of of)
    {
        await using var site = await Site.StartAsync(of);

        var answer = await site.NewVisitor().RequestAsync(async ctx =>
        {
            ctx.Response.Headers.CacheControl = "public, max-age=600";
            ctx.Response.Headers.Expires = "Thu, 01 Jan 2037 00:00:00 GMT";
            ctx.Session.SetInt32("a", 1);
            await ctx.Response.WriteAsync("body");
        });

        Assert.Equal(["no-cache", "no-store"], answer.Header("cache-control").Split(", ").Order());
        Assert.Equal("no-cache", answer.Header("pragma"));
        Assert.Equal("-1", answer.Header("expires"));
    }

    [Theory(DisplayName = "later responses carry neither Pragma nor Expires"), MemberData(nameof(Both))]
    public async Task LaterResponses(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var answer = await visitor.DoesAsync(session => session.SetInt32("a", 2));
        Assert.Equal("", answer.Header("pragma"));
        Assert.Equal("", answer.Header("expires"));
        Assert.DoesNotContain("no-store", answer.Header("cache-control"), StringComparison.Ordinal);
    }

    [Theory(DisplayName = "setting and removing a value in one request establishes a session"), MemberData(nameof(Both))]
    public async Task SetAndRemoved(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();

        var id = await visitor.AsksAsync(session =>
        {
            session.SetInt32("a", 1);
            session.Remove("a");
            return session.Id;
        });

        Assert.Single(visitor.Browser.Cookies);
        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));
    }

    [Theory(DisplayName = "a cookie that was made up is ignored, and the next Set sends another"), MemberData(nameof(Both))]
    public async Task Forged(Of of)
    {
        await using var site = await Site.StartAsync(of);
        var visitor = site.NewVisitor();
        await visitor.DoesAsync(session => session.SetInt32("a", 1));
        var name = visitor.Browser.Cookies.Keys.Single();
        visitor.Browser.Cookies[name] = "AAAA" + visitor.Browser.Cookies[name][4..];

        Assert.Empty(await visitor.AsksAsync(session => session.Keys.ToArray()));
        Assert.Single((await visitor.DoesAsync(session => session.SetInt32("b", 1))).SetCookies);
        Assert.Equal(["b"], await visitor.AsksAsync(session => session.Keys.ToArray()));
    }

    [Theory(DisplayName = "HEAD, 204, 304 and redirects establish a session as any other response"), MemberData(nameof(Both))]
    public async Task WithoutBody(Of of)
    {
        await using var site = await Site.StartAsync(of);

        async Task Holds(HttpMethod method, HttpStatusCode status)
        {
            var visitor = site.NewVisitor();

            var answer = await visitor.RequestAsync(
                async ctx =>
                {
                    ctx.Session.SetInt32("a", 1);
                    ctx.Response.StatusCode = (int)status;
                    ctx.Response.Headers.Location = "/elsewhere";

                    if (HttpMethods.IsHead(ctx.Request.Method))
                    {
                        await ctx.Response.WriteAsync("left out");
                    }
                },
                method);

            Assert.Equal(status, answer.Status);
            Assert.Single(answer.SetCookies);
            Assert.Equal("-1", answer.Header("expires"));
            Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
        }

        await Holds(HttpMethod.Head, HttpStatusCode.OK);
        await Holds(HttpMethod.Get, HttpStatusCode.NoContent);
        await Holds(HttpMethod.Get, HttpStatusCode.NotModified);
        await Holds(HttpMethod.Post, HttpStatusCode.Redirect);
    }

    [Theory(DisplayName = "over Kestrel, too, HEAD, 304 and a redirect establish a session"), MemberData(nameof(Both))]
    public async Task OverKestrel(Of of)
    {
        await using var site = await Site.StartAsync(of, onKestrel: true);

        foreach (var (method, status) in new[]
        {
            (HttpMethod.Head, HttpStatusCode.OK), (HttpMethod.Get, HttpStatusCode.NotModified), (HttpMethod.Get, HttpStatusCode.Redirect),
        })
        {
            var visitor = site.NewVisitor();

            var answer = await visitor.RequestAsync(
                ctx =>
                {
                    ctx.Session.SetInt32("a", 1);
                    ctx.Response.StatusCode = (int)status;
                    return Task.CompletedTask;
                },
                method);

            Assert.Equal(status, answer.Status);
            Assert.Single(answer.SetCookies);
            Assert.Equal(1, await visitor.AsksAsync(session => session.GetInt32("a")));
        }
    }
}
