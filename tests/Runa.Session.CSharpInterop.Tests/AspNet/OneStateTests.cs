using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>HttpContext.Session and the typed API are one session.</summary>
public class OneStateTests
{
    private static readonly SessionKey<int> Visits = new("visits");

    [Fact(DisplayName = "ISession and the typed API see each other's changes at once, and save them in one write")]
    public async Task SeeEachOther()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(ctx =>
        {
            var typed = ctx.GetRunaSession("web");
            ctx.Session.Set("raw", [1, 2]);
            Assert.Equal([1, 2], typed.Get<byte[]>("aspnet:raw"));
            typed.Set(Visits, 1);
            typed.Set("aspnet:other", new byte[] { 3 });
            Assert.Equal([3], ctx.Session.Get("other"));
            return Task.CompletedTask;
        });

        Assert.Equal(1, site.Store.Writes);
        Assert.Single(answer.SetCookies);
        await visitor.RequestAsync(ctx =>
        {
            Assert.Equal(1, ctx.GetRunaSession("web").Get(Visits));
            Assert.Equal(["other", "raw"], ctx.Session.Keys);
            return Task.CompletedTask;
        });
    }

    [Fact(DisplayName = "keys of the same name in ISession and in the typed API are different keys")]
    public async Task NoCollision()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = site.NewVisitor();

        await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").Set(Visits, 7);
            ctx.Session.SetInt32("visits", 8);
            ctx.Session.Remove("nothing");
            return Task.CompletedTask;
        });
        await visitor.RequestAsync(ctx =>
        {
            ctx.Session.Remove("visits");
            Assert.Equal(7, ctx.GetRunaSession("web").Get(Visits));
            Assert.Equal(["aspnet.id", "visits"], ctx.GetRunaSession("web").Keys);
            return Task.CompletedTask;
        });
    }

    [Fact(DisplayName = "Clear removes the values and flashes of both APIs, and keeps the owner and the Id")]
    public async Task Clear()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = site.NewVisitor();
        string? id = null;

        await visitor.RequestAsync(ctx =>
        {
            var typed = ctx.GetRunaSession("web");
            typed.SignIn("anna");
            typed.Set(Visits, 7);
            typed.Flash("notice", "Welcome");
            ctx.Session.SetInt32("a", 1);
            id = ctx.Session.Id;
            return Task.CompletedTask;
        });
        await visitor.DoesAsync(session => session.Clear());
        await visitor.RequestAsync(ctx =>
        {
            var typed = ctx.GetRunaSession("web");
            Assert.Equal(["aspnet.id"], typed.Keys);
            Assert.Empty(typed.TakeFlashes<string>("notice"));
            Assert.Equal("anna", typed.Owner);
            Assert.Equal(id, ctx.Session.Id);
            return Task.CompletedTask;
        });
    }

    [Fact(DisplayName = "signing in changes the cookie and leaves the values and the Id")]
    public async Task SignIn()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var id = await visitor.AsksAsync(session => session.Id);
        var before = visitor.Browser.Cookies.Values.Single();

        await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").SignIn("anna");
            Assert.Equal(id, ctx.Session.Id);
            return Task.CompletedTask;
        });

        Assert.NotEqual(before, visitor.Browser.Cookies.Values.Single());
        Assert.Equal((1, id), await visitor.AsksAsync(session => (session.GetInt32("a"), session.Id)));
    }

    [Fact(DisplayName = "after another owner signs in, and after Destroy, the earlier values and Id are gone")]
    public async Task AnotherOwner()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var first = await visitor.AsksAsync(session => session.Id);

        await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").SignIn("anna");
            return Task.CompletedTask;
        });
        await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").SignIn("bert");
            Assert.Empty(ctx.Session.Keys);
            return Task.CompletedTask;
        });

        var second = await visitor.AsksAsync(session => session.Id);
        Assert.NotEqual(first, second);

        await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").Destroy();
            ctx.Session.SetInt32("b", 2);
            return Task.CompletedTask;
        });

        Assert.Equal(["b"], await visitor.AsksAsync(session => session.Keys.ToArray()));
        Assert.NotEqual(second, await visitor.AsksAsync(session => session.Id));
    }

    [Fact(DisplayName = "a session begun after Destroy in the same request has another Id, which stays")]
    public async Task DestroyedAtOnce()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = site.NewVisitor();
        string? after = null;

        await visitor.RequestAsync(ctx =>
        {
            var before = ctx.Session.Id;
            ctx.Session.SetInt32("a", 1);
            Assert.Equal(before, ctx.Session.Id);
            ctx.GetRunaSession("web").Destroy();
            ctx.Session.SetInt32("b", 2);
            after = ctx.Session.Id;
            Assert.NotEqual(before, after);
            return Task.CompletedTask;
        });

        Assert.Equal(after, await visitor.AsksAsync(session => session.Id));
    }

    [Fact(DisplayName = "the Id of a session that the typed API established stays, once it was read")]
    public async Task TypedId()
    {
        await using var site = await Site.StartAsync(Of.Runa);
        var visitor = site.NewVisitor();
        string? id = null;

        // Read first, of a session that is established later in the same request, even after its first byte.
        await visitor.RequestAsync(async ctx =>
        {
            id = ctx.Session.Id;
            ctx.GetRunaSession("web").Set(Visits, 1);
            await ctx.Response.WriteAsync("body");
        });

        Assert.Equal(id, await visitor.AsksAsync(session => session.Id));

        // Read of one that stands.
        var other = site.NewVisitor();
        await other.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("web").Set(Visits, 1);
            return Task.CompletedTask;
        });
        id = await other.AsksAsync(session => session.Id);
        Assert.Equal(id, await other.AsksAsync(session => session.Id));
    }

    [Fact(DisplayName = "promise 22: HttpContext.Session leaves a session of another name alone")]
    public async Task AnotherName()
    {
        await using var site = await Site.StartAsync(Of.Runa, inner: app => app.UseRunaSession("admin"));
        var visitor = site.NewVisitor();

        var answer = await visitor.RequestAsync(ctx =>
        {
            ctx.GetRunaSession("admin").Set(Visits, 1);
            ctx.Session.SetInt32("a", 1);
            ctx.Session.Clear();
            return Task.CompletedTask;
        });

        Assert.Equal(2, answer.SetCookies.Count);
        await visitor.RequestAsync(ctx =>
        {
            Assert.Equal(1, ctx.GetRunaSession("admin").Get(Visits));
            return Task.CompletedTask;
        });
    }

    [Fact(DisplayName = "without an overload's name it is \"web\"")]
    public async Task DefaultName()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaAspNetSession(options => options.IgnoreCommitFailures = true);
            app.UseRunaAspNetSession();
            app.MapGet("/", (HttpContext ctx) =>
            {
                ctx.Session.SetInt32("a", 1);
                return ctx.GetRunaSession().Has("aspnet:a");
            });
        });

        var answer = await app.NewBrowser().GetAsync("/");
        Assert.Equal("true", answer.Body);
        Assert.StartsWith("__Host-runa_session=", Assert.Single(answer.SetCookies), StringComparison.Ordinal);
    }

    [Fact(DisplayName = "on the cookie driver it works until the response has started")]
    public async Task CookieDriver()
    {
        await using var site = await Site.StartAsync(Of.Runa, session: web =>
        {
            web.Driver = "cookie";
            web.IdleTimeout = null;
        });
        var visitor = await StoreDownTests.EstablishedAsync(site);
        var id = await visitor.AsksAsync(session => session.Id);
        await visitor.DoesAsync(session => session.SetInt32("b", 2));
        Assert.Equal((1, 2, id), await visitor.AsksAsync(session => (session.GetInt32("a"), session.GetInt32("b"), session.Id)));

        await visitor.RequestAsync(async ctx =>
        {
            await ctx.Response.WriteAsync("begun");
            Assert.Throws<InvalidOperationException>(() => ctx.Session.SetInt32("b", 3));
        });
    }
}
