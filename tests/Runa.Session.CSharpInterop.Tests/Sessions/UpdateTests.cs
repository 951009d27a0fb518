using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Many requests on one session at once (promise 12), over Kestrel.</summary>
public class UpdateTests
{
    private const int Requests = 300;

    [Theory(DisplayName = "promise 12: concurrent counts all count")]
    [InlineData("/step")]
    [InlineData("/update")]
    [InlineData("/named")]
    public async Task CountsAreExact(string path)
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => browser.PostAsync(path)));
        Assert.Equal($"{Requests}", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 12: concurrent changes of different keys behind UseRunaSession all survive")]
    public async Task KeysSurvive()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(n => browser.PostAsync($"/key/{n}")));
        Assert.Equal("51", (await browser.GetAsync("/keys")).Body);
    }

    [Fact(DisplayName = "promise 12: each step returns the result of the attempt that was committed")]
    public async Task AnswersAreDistinct()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => browser.PostAsync("/step")));
        Assert.Equal(Enumerable.Range(1, 100), answers.Select(answer => int.Parse(answer.Body)).Order());
    }

    [Fact(DisplayName = "a step runs on top of what was set before it, and both are committed")]
    public async Task StepAfterSet()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapPost("/", async (HttpContext ctx) =>
            {
                var session = ctx.GetRunaSession();
                session.Set(Keys.Name, "Ada");
                await ctx.UpdateRunaSessionAsync("web", attempt =>
                {
                    Assert.Equal("Ada", attempt.Get(Keys.Name));
                    attempt.Set(Keys.Visits, 1);
                });
                session.Set(Keys.Notice, $"{session.Get(Keys.Visits)}");
            });
            app.MapGet("/", (RunaSession session) => session.ToJson());
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("""{"name":"Ada","notice":"1","visits":1}""", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 12: an Update that changes its seed in place runs again from the original seed")]
    public async Task SeedInPlace()
    {
        var seed = new List<string>();
        var loaded = new TaskCompletionSource();
        var changed = new TaskCompletionSource();

        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapPost("/begin", (RunaSession session) => session.Set(Keys.Name, "Ada"));
            app.MapPost("/name", (RunaSession session) => session.Set(Keys.Name, "Grace"));
            app.MapPost("/cart", async (RunaSession session) =>
            {
                session.Update(Keys.Cart, seed, cart =>
                {
                    cart.Add("book");
                    return cart;
                });
                loaded.SetResult();
                await changed.Task;
            });
            app.MapGet("/", (RunaSession session) => session.ToJson());
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        var adding = browser.Copy().PostAsync("/cart");
        await loaded.Task;
        await browser.PostAsync("/name");
        changed.SetResult();
        await adding;
        Assert.Equal("""{"cart":["book"],"name":"Grace"}""", (await browser.GetAsync("/")).Body);
        Assert.Empty(seed);
    }

    private static Task<App> StartAsync() =>
        App.StartAsync(
            app =>
            {
                app.MapPost("/step", async (HttpContext ctx) =>
                {
                    return await ctx.UpdateRunaSessionAsync("web", session =>
                    {
                        session.Set(Keys.Visits, session.Get(Keys.Visits) + 1);
                        return $"{session.Get(Keys.Visits)}";
                    });
                });
                app.MapPost("/begin", (HttpContext ctx) =>
                    ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 0)));
                app.MapPost("/update", async (RunaSession session) =>
                {
                    session.Update(Keys.Visits, 0, n => n + 1);
                    await Task.Yield();
                }).WithRunaSession("web");
                app.MapPost("/named", async (HttpContext ctx) =>
                    await ctx.UpdateRunaSessionAsync("web", session => session.Update("visits", 0, n => n + 1)));
                app.MapPost("/key/{n}", (int n, RunaSession session) => session.Set($"key {n}", n)).WithRunaSession();
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}").WithRunaSession();
                app.MapGet("/keys", (RunaSession session) => $"{session.Keys.Count}").WithRunaSession();
            },
            onKestrel: true);
}
