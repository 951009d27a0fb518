using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>A session that a request first asks for when its response has started.</summary>
public class LateTests
{
    private const string TooLate = "The session \"web\" is asked for too late: the response has started";

    private static readonly Dictionary<string, Func<HttpContext, Task>> Forms = new()
    {
        ["LoadRunaSessionAsync"] = ctx => ctx.LoadRunaSessionAsync(),
        ["GetRunaSession"] = ctx => Task.FromResult(ctx.GetRunaSession()),
        ["UpdateRunaSessionAsync"] = ctx => ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 9)),
        ["UpdateRunaSessionAsync with a result"] = ctx => ctx.UpdateRunaSessionAsync("web", session => session.Get(Keys.Visits)),
    };

    // What stands in the pipeline behind something that has written.
    private static readonly Dictionary<string, Action<WebApplication>> Pipelines = new()
    {
        ["UseRunaSession"] = app =>
        {
            app.UseRunaSession();
            app.MapGet("/", (HttpContext ctx) => { ctx.GetRunaSession().Get(Keys.Visits); });
        },
        ["UseRunaAspNetSession"] = app =>
        {
            app.UseRunaAspNetSession("web");
            app.MapGet("/", (HttpContext ctx) => { ctx.Session.GetString("a"); });
        },
        ["WithRunaSession"] = app => app.MapGet("/", (HttpContext ctx) => { ctx.GetRunaSession().Get(Keys.Visits); }).WithRunaSession(),
        ["a parameter"] = app => app.MapGet("/", (RunaSession session) => { session.Get(Keys.Visits); }),
    };

    public static TheoryData<string, bool> FormsOnBoth =>
        [.. from form in Forms.Keys from onKestrel in new[] { false, true } select (form, onKestrel)];

    public static TheoryData<string, bool> PipelinesOnBoth =>
        [.. from pipeline in Pipelines.Keys from onKestrel in new[] { false, true } select (pipeline, onKestrel)];

    [Theory(DisplayName = "promise 20: asking for a session after the response has started raises, in every form"), MemberData(nameof(FormsOnBoth))]
    public async Task Late(string form, bool onKestrel)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.MapPost("/", (RunaSession session) => session.Set(Keys.Visits, 1)).WithRunaSession();
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}").WithRunaSession();
                app.MapGet("/late", async (HttpContext ctx) =>
                {
                    ctx.Response.Headers.CacheControl = "public, max-age=600";
                    await ctx.Response.WriteAsync("begun: ");
                    await ctx.Response.WriteAsync(await MessageAsync(() => Forms[form](ctx)));
                });
            },
            onKestrel: onKestrel);

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        var answer = (await browser.GetAsync("/late")).Body;
        Assert.StartsWith("begun: " + TooLate, answer, StringComparison.Ordinal);
        Assert.Contains("put app.UseRunaSession(\"web\") before whatever writes", answer, StringComparison.Ordinal);
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
    }

    [Theory(DisplayName = "promise 20: a first look raises if something in front has already written"), MemberData(nameof(PipelinesOnBoth))]
    public async Task LatePipeline(string pipeline, bool onKestrel)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.Use(async (HttpContext ctx, RequestDelegate next) =>
                {
                    await ctx.Response.WriteAsync("begun: ");
                    await ctx.Response.WriteAsync(await MessageAsync(() => next(ctx)));
                });
                Pipelines[pipeline](app);
            },
            onKestrel: onKestrel);

        Assert.StartsWith("begun: " + TooLate, (await app.NewBrowser().GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Theory(DisplayName = "a request that does not look at its session is answered, even if something in front has already written"), InlineData(false), InlineData(true)]
    public async Task NotLookedAt(bool onKestrel)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.Use(async (HttpContext ctx, RequestDelegate next) =>
                {
                    await ctx.Response.WriteAsync("begun, ");
                    await next(ctx);
                });
                app.UseRunaSession();
                app.UseRunaAspNetSession();
                app.MapGet("/", (HttpContext ctx) => ctx.Response.WriteAsync("ended")).WithRunaSession("admin");
            },
            onKestrel: onKestrel);

        var answer = await app.NewBrowser().GetAsync("/");
        Assert.Equal(("begun, ended", ""), (answer.Body, answer.Header("vary")));
    }

    [Theory(DisplayName = "server-sent events, which say no-store, may ask for the session late"), InlineData(false), InlineData(true)]
    public async Task ServerSentEvents(bool onKestrel)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.MapPost("/", (RunaSession session) => session.Set(Keys.Visits, 1)).WithRunaSession();
                app.MapGet("/events", (HttpContext ctx) => TypedResults.ServerSentEvents(Events(ctx)));
            },
            onKestrel: onKestrel);

        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("data: begun\n\ndata: 1\n\n", (await browser.GetAsync("/events")).Body);
    }

    private static async IAsyncEnumerable<string> Events(HttpContext ctx)
    {
        yield return "begun";
        await ctx.Response.Body.FlushAsync();
        var session = await ctx.LoadRunaSessionAsync();
        yield return $"{session.Get(Keys.Visits)}";
    }

    private static async Task<string> MessageAsync(Func<Task> action)
    {
        try
        {
            await action();
            return "nothing was raised";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }
}
