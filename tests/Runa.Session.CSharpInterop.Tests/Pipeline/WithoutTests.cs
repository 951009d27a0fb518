using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>Endpoints that say they have no session.</summary>
public class WithoutTests
{
    [Fact(DisplayName = "WithoutRunaSession: UseRunaSession does nothing for the endpoint, and a session asked for there is not loaded")]
    public async Task NotLoaded()
    {
        await using var app = await StartAsync(app => app.UseRunaSession());
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("1", (await browser.GetAsync("/with")).Body);
        var answer = await browser.GetAsync("/without");
        Assert.StartsWith("The session \"web\" is not loaded in this request: put app.UseRunaSession(\"web\")", answer.Body, StringComparison.Ordinal);
        Assert.Equal("", answer.Header("vary"));
    }

    [Fact(DisplayName = "WithoutRunaSession: UseRunaAspNetSession provides no HttpContext.Session for the endpoint")]
    public async Task NoAspNetSession()
    {
        await using var app = await StartAsync(app => app.UseRunaAspNetSession());
        var browser = app.NewBrowser();
        Assert.Equal("none", (await browser.GetAsync("/aspnet/with")).Body);
        Assert.Contains("Session has not been configured", (await browser.GetAsync("/aspnet/without")).Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "WithoutRunaSession: a step that is asked for by name runs all the same")]
    public async Task Steps()
    {
        await using var app = await StartAsync(app => app.UseRunaSession());
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("1", (await browser.GetAsync("/without/step")).Body);
    }

    [Fact(DisplayName = "the last of WithRunaSession and WithoutRunaSession wins: an endpoint's over its group's")]
    public async Task LastWins()
    {
        await using var app = await App.StartAsync(app =>
        {
            var with = app.MapGroup("/a").WithRunaSession();
            with.MapGet("/with", Look);
            with.MapGet("/without", Look).WithoutRunaSession();
            var without = app.MapGroup("/b").WithoutRunaSession();
            without.MapGet("/with", Look).WithRunaSession();
            without.MapGet("/without", Look);
        });
        var browser = app.NewBrowser();

        foreach (var group in new[] { "/a", "/b" })
        {
            Assert.Equal("0", (await browser.GetAsync(group + "/with")).Body);
            Assert.Contains("is not loaded", (await browser.GetAsync(group + "/without")).Body, StringComparison.Ordinal);
        }
    }

    private static Task<App> StartAsync(Action<WebApplication> use) => App.StartAsync(app =>
    {
        app.UseRouting();
        use(app);
        app.MapPost("/", (HttpContext ctx) => ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 1)));
        app.MapGet("/with", Look);
        app.MapGet("/without", Look).WithoutRunaSession();
        app.MapGet("/without/step", async Task<string> (HttpContext ctx) =>
            $"{await ctx.UpdateRunaSessionAsync("web", session => session.Get(Keys.Visits))}").WithoutRunaSession();
        app.MapGet("/aspnet/with", LookAspNet);
        app.MapGet("/aspnet/without", LookAspNet).WithoutRunaSession();
    });

    private static string Look(HttpContext ctx) => Told(() => $"{ctx.GetRunaSession().Get(Keys.Visits)}");

    private static string LookAspNet(HttpContext ctx) => Told(() => ctx.Session.GetString("a") ?? "none");

    private static string Told(Func<string> look)
    {
        try
        {
            return look();
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }
}
