using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Pipeline;

public class MiddlewareTests
{
    [Fact(DisplayName = "promise 13: what is set is stored before the first byte is sent")]
    public async Task StoredBeforeTheFirstByte()
    {
        var sent = new TaskCompletionSource();
        var more = new TaskCompletionSource();

        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/", async (HttpContext ctx, RunaSession session) =>
                {
                    session.SignIn("ada");
                    await ctx.Response.WriteAsync("begun");
                    await ctx.Response.Body.FlushAsync();
                    sent.SetResult();
                    await more.Task;
                });
            },
            onKestrel: true);

        var posting = app.NewBrowser().PostAsync("/");
        await sent.Task;
        Assert.Single(await app.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken));
        more.SetResult();
        Assert.Single((await posting).SetCookies);
    }

    [Fact(DisplayName = "an exception that passes through discards what was not committed")]
    public async Task ExceptionDiscards()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/set");
        var answer = await browser.PostAsync("/fail");
        Assert.Equal(500, (int)answer.Status);
        Assert.Equal("error page: InvalidOperationException", answer.Body);
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
    }

    [Theory(DisplayName = "promise 20: an exception that nobody handles leaves the cookie of a session that was stored")]
    [InlineData("/in")]
    [InlineData("/in/async")]
    public async Task NoErrorPage(string path)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapGet("/", (RunaSession session) => $"{session.Owner} {session.Get(Keys.Visits)}");
                app.MapPost("/visit", (RunaSession session) => session.Set(Keys.Visits, 1));
                app.MapPost("/in", void (HttpContext ctx) =>
                {
                    ctx.UpdateRunaSessionAsync("web", session => session.SignIn("ada")).GetAwaiter().GetResult();
                    throw new InvalidOperationException("on purpose");
                });
                app.MapPost("/in/async", async Task (HttpContext ctx) =>
                {
                    await ctx.UpdateRunaSessionAsync("web", session => session.SignIn("ada"));
                    await Task.Yield();
                    throw new InvalidOperationException("on purpose");
                });
            },
            onKestrel: true);

        var browser = app.NewBrowser();
        await browser.PostAsync("/visit");
        var answer = await browser.PostAsync(path);
        Assert.Equal(500, (int)answer.Status);
        Assert.Equal("", answer.Body);
        Assert.Single(answer.SetCookies);
        Assert.Equal("ada 1", (await browser.GetAsync("/")).Body);
        Assert.Contains(app.Logs.All, line => line.Error?.Message == "on purpose");
    }

    [Fact(DisplayName = "promise 14: a session that is too large is an error before the response, with sizes in it")]
    public async Task TooLarge()
    {
        await using var app = await StartAsync();
        var answer = await app.NewBrowser().PostAsync("/large");
        Assert.Equal(500, (int)answer.Status);
        Assert.Equal("error page: SessionTooLargeException", answer.Body);
        Assert.Empty(answer.SetCookies);
    }

    [Fact(DisplayName = "promise 20: a response that read a session is private to caches and varies by cookie")]
    public async Task Caching()
    {
        await using var app = await StartAsync();
        var answer = await app.NewBrowser().GetAsync("/");
        Assert.Equal("Cookie", answer.Header("Vary"));
        Assert.Equal("private", answer.Header("Cache-Control"));
    }

    [Fact(DisplayName = "promise 22: several sessions live side by side, each with its cookie")]
    public async Task SeveralSessions()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession("web", "admin");
            app.MapPost("/", (RunaSession web, [FromRunaSession("admin")] RunaSession admin) =>
            {
                web.Set(Keys.Name, "visitor");
                admin.Set(Keys.Name, "operator");
            });
            app.MapPost("/out", ([FromRunaSession("admin")] RunaSession admin) => admin.Destroy());
            app.MapGet("/", (HttpContext ctx) =>
                $"{ctx.GetRunaSession("web").Get(Keys.Name)} {ctx.GetRunaSession("admin").Get(Keys.Name)}");
        });

        var browser = app.NewBrowser();
        var answer = await browser.PostAsync("/");
        Assert.Equal(2, answer.SetCookies.Count);
        Assert.Equal("visitor operator", (await browser.GetAsync("/")).Body);
        await browser.PostAsync("/out");
        Assert.Equal("visitor ", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "using the middleware twice is the same as once")]
    public async Task Twice()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession("web", "web");
            app.UseRunaSession();
            app.MapPost("/", (RunaSession session) => $"{session.Update(Keys.Visits, 0, n => n + 1)}").WithRunaSession();
        });

        var browser = app.NewBrowser();
        Assert.Equal("1", (await browser.PostAsync("/")).Body);
        Assert.Equal("2", (await browser.PostAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 9: a change that races a sign-out is a conflict, and the session stays dead")]
    public async Task Conflict()
    {
        var loaded = new TaskCompletionSource();
        var signedOut = new TaskCompletionSource();

        await using var app = await App.StartAsync(app =>
        {
            app.UseExceptionHandler(ErrorPage);
            app.UseRunaSession();
            app.MapPost("/in", (RunaSession session) => session.SignIn("ada"));
            app.MapPost("/out", (RunaSession session) => session.SignOut());
            app.MapPost("/slow", async (RunaSession session) =>
            {
                session.Set(Keys.Name, "Ada");
                loaded.SetResult();
                await signedOut.Task;
            });
        });

        var browser = app.NewBrowser();
        await browser.PostAsync("/in");
        var slow = browser.Copy().PostAsync("/slow");
        await loaded.Task;
        await browser.PostAsync("/out");
        signedOut.SetResult();
        Assert.Equal("error page: SessionConflictException", (await slow).Body);
        Assert.Empty(await app.Sessions.ListAsync("web", "ada", TestContext.Current.CancellationToken));
    }

    private static void ErrorPage(IApplicationBuilder app) =>
        app.Run(ctx => ctx.Response.WriteAsync(
            $"error page: {ctx.Features.Get<IExceptionHandlerFeature>()?.Error.GetType().Name}"));

    private static Task<App> StartAsync() =>
        App.StartAsync(app =>
        {
            app.UseExceptionHandler(ErrorPage);
            app.UseRunaSession();
            app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}");
            app.MapPost("/set", (RunaSession session) => session.Set(Keys.Visits, 1));
            app.MapPost("/large", (RunaSession session) =>
            {
                session.Set(Keys.Name, new string('x', 70_000));
                return "saved";
            });
            app.MapPost("/fail", void (RunaSession session) =>
            {
                session.Set(Keys.Visits, 99);
                throw new InvalidOperationException("on purpose");
            });
        });
}
