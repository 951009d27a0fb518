using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>What a session holds, as seen by a request and by the one after it.</summary>
public class ValueTests
{
    [Fact(DisplayName = "promise 13: the next request gets what this one has set behind UseRunaSession")]
    public async Task ReadYourWrites()
    {
        await using var app = await StartAsync(session => session.Set(Keys.Visits, session.Get(Keys.Visits) + 1));
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        await browser.PostAsync("/");
        Assert.Equal("""{"visits":2}""", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 8: reading a session that is not there sets no cookie")]
    public async Task ReadingSetsNothing()
    {
        await using var app = await StartAsync(session =>
        {
            Assert.Equal(SessionStatus.New, session.Status);
            Assert.True(session.IsEmpty);
            Assert.Equal(0, session.Get(Keys.Visits));
            Assert.Null(session.Get(Keys.Name));
            Assert.Equal("nobody", session.Get(Keys.Name, "nobody"));
            Assert.False(session.TryGet(Keys.Name, out var name));
            Assert.Null(name);
            Assert.False(session.Has(Keys.Name));
            Assert.False(session.Remove(Keys.Name));
            Assert.Empty(session.Keys);
            Assert.Empty(session.TakeFlashes(Keys.Notice));
            Assert.Null(session.Owner);
            Assert.Empty(session.Claims);
            Assert.Null(session.Handle);
        });

        var answer = await app.NewBrowser().PostAsync("/");
        Assert.Equal("", answer.Body);
        Assert.Empty(answer.SetCookies);
    }

    [Fact(DisplayName = "keys are given by type and name, or by name alone")]
    public async Task TypedAndNamed()
    {
        await using var app = await StartAsync(session =>
        {
            session.Set("name", "Ada");
            Assert.Equal("Ada", session.Get(Keys.Name));
            session.Set(Keys.Visits, 3);
            Assert.Equal(3, session.Get<int>("visits"));
            Assert.Equal(9, session.Get("missing", 9));
            Assert.True(session.TryGet<int>("visits", out var visits));
            Assert.Equal(3, visits);
            Assert.Equal(4, session.Update("visits", 0, n => n + 1));
            Assert.Equal(["name", "visits"], session.Keys);
            Assert.True(session.Has("visits"));
            Assert.True(session.Remove("visits"));
            Assert.False(session.Has("visits"));
            Assert.Equal("""{"name":"Ada"}""", session.ToJson());
        });

        Assert.Equal("", (await app.NewBrowser().PostAsync("/")).Body);
    }

    [Fact(DisplayName = "a value is encoded when it is set: changing the object afterwards changes nothing")]
    public async Task EncodedAtOnce()
    {
        await using var app = await StartAsync(session =>
        {
            var cart = new List<string> { "tea" };
            session.Set(Keys.Cart, cart);
            cart.Add("coffee");
            session.Get(Keys.Cart)!.Add("cocoa");
            Assert.Equal(["tea"], session.Get(Keys.Cart)!);
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("""{"cart":["tea"]}""", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 17: a value of another type reads as missing, and is kept")]
    public async Task Undecodable()
    {
        await using var app = await StartAsync(session =>
        {
            if (session.IsEmpty)
            {
                session.Set("visits", "many");
            }
            else
            {
                Assert.Equal(0, session.Get(Keys.Visits));
                Assert.False(session.TryGet(Keys.Visits, out _));
                Assert.True(session.Has(Keys.Visits));
            }
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        await browser.PostAsync("/");
        Assert.Equal("""{"visits":"many"}""", (await browser.GetAsync("/")).Body);
        Assert.Contains(app.Logs.Warnings, line => line.Contains("visits", StringComparison.Ordinal));
    }

    [Fact(DisplayName = "clear removes values and flashes, and keeps owner and claims")]
    public async Task Clear()
    {
        await using var app = await StartAsync(session =>
        {
            if (session.Owner is null)
            {
                session.SignIn("ada", [new("role", "admin"), new("role", "editor")]);
                session.Set(Keys.Visits, 1);
                session.Flash(Keys.Notice, "Welcome");
            }
            else
            {
                session.Clear();
                Assert.Empty(session.Keys);
                Assert.Empty(session.TakeFlashes(Keys.Notice));
                Assert.Equal("ada", session.Owner);
                Assert.Equal(["admin", "editor"], session.Claims.Select(claim => claim.Value));
            }
        });

        var browser = app.NewBrowser();
        Assert.Equal("", (await browser.PostAsync("/")).Body);
        Assert.Equal("", (await browser.PostAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 16: a flash is shown once, by the request that takes it")]
    public async Task Flashes()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapPost("/", (RunaSession session) =>
            {
                session.Flash(Keys.Notice, "one");
                session.Flash("notice", "two");
            });
            app.MapGet("/", (RunaSession session) => string.Join(" ", session.TakeFlashes(Keys.Notice)));
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("one two", (await browser.GetAsync("/")).Body);
        Assert.Equal("", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 5: a session prints its name and status")]
    public async Task Prints()
    {
        await using var app = await StartAsync(session =>
        {
            session.SignIn("ada");
            session.Set(Keys.Name, "secret");
            Assert.Equal("RunaSession \"web\" (New)", session.ToString());
        });

        Assert.Equal("", (await app.NewBrowser().PostAsync("/")).Body);
    }

    /// <summary>POST does something with the session, and answers why it failed; GET shows what it holds.</summary>
    private static Task<App> StartAsync(Action<RunaSession> post) =>
        App.StartAsync(app =>
        {
            app.UseRunaSession("web");
            app.MapGet("/", (HttpContext ctx) => ctx.GetRunaSession("web").ToJson());
            app.MapPost("/", (HttpContext ctx) =>
            {
                try
                {
                    post(ctx.GetRunaSession());
                    return "";
                }
                catch (Xunit.Sdk.XunitException e)
                {
                    return e.Message;
                }
            });
        });
}
