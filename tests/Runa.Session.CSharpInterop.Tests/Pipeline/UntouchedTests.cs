using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>Nothing is loaded, and no response is made private, until somebody looks at the session or changes it.</summary>
public class UntouchedTests
{
    private static readonly Dictionary<string, Action<WebApplication, Func<HttpContext, Task<string>>>> Pipelines = new()
    {
        ["UseRunaSession"] = (app, endpoint) =>
        {
            app.UseRunaSession();
            app.MapGet("/", endpoint);
        },
        ["WithRunaSession"] = (app, endpoint) => app.MapGet("/", endpoint).WithRunaSession(),
        ["UseRunaAspNetSession"] = (app, endpoint) =>
        {
            app.UseRunaAspNetSession();
            app.MapGet("/", endpoint);
        },
    };

    private static readonly Dictionary<string, Func<HttpContext, Task<string>>> Looks = new()
    {
        ["property"] = ctx => Task.FromResult($"{ctx.GetRunaSession().Status}"),
        ["value"] = ctx => Task.FromResult($"{ctx.GetRunaSession().Get(Keys.Visits)}"),
        ["load"] = async ctx => $"{(await ctx.LoadRunaSessionAsync()).Name}",
        ["update"] = async ctx => $"{await ctx.UpdateRunaSessionAsync("web", session => session.Get(Keys.Visits))}",
    };

    public static TheoryData<string> All => [.. Pipelines.Keys];

    public static TheoryData<string, string> AllLooks =>
        [.. from pipeline in Pipelines.Keys from look in Looks.Keys select (pipeline, look)];

    [Theory(DisplayName = "promise 20: a request that does not look at its session calls no store and tells caches nothing"), MemberData(nameof(All))]
    public async Task Untouched(string pipeline)
    {
        await using var site = await StartAsync(pipeline, ctx => Task.FromResult("plain"));
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;
        var answer = await browser.GetAsync("/");
        Assert.Equal(("plain", "", ""), (answer.Body, answer.Header("vary"), answer.Header("cache-control")));
        Assert.Empty(answer.SetCookies);
        Assert.Equal(before, site.Store.Calls);
    }

    [Theory(DisplayName = "GetRunaSession and HttpContext.Session by themselves are no look"), MemberData(nameof(All))]
    public async Task OnlyGot(string pipeline)
    {
        await using var site = await StartAsync(pipeline, ctx =>
        {
            _ = pipeline == "UseRunaAspNetSession" ? (object)ctx.Session : ctx.GetRunaSession();
            return Task.FromResult($"{ctx.GetRunaSession().Name}");
        });
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;
        var answer = await browser.GetAsync("/");
        Assert.Equal(("web", ""), (answer.Body, answer.Header("vary")));
        Assert.Equal(before, site.Store.Calls);
    }

    [Theory(DisplayName = "promise 20: the first look loads it, with one call, and makes the response private"), MemberData(nameof(AllLooks))]
    public async Task LookedAt(string pipeline, string look)
    {
        await using var site = await StartAsync(pipeline, async ctx =>
        {
            await Looks[look](ctx);
            return await Looks[look](ctx);
        });
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;
        var answer = await browser.GetAsync("/");
        Assert.Equal(("Cookie", "private"), (answer.Header("vary"), answer.Header("cache-control")));
        Assert.Equal(before + 1, site.Store.Calls);
    }

    [Theory(DisplayName = "promise 20: a visitor without a session costs no call of the store, and the response is private all the same"), MemberData(nameof(AllLooks))]
    public async Task Stranger(string pipeline, string look)
    {
        await using var site = await StartAsync(pipeline, Looks[look]);
        var answer = await site.App.NewBrowser().GetAsync("/");
        Assert.Equal(("Cookie", "private"), (answer.Header("vary"), answer.Header("cache-control")));
        Assert.Equal(0, site.Store.Calls);
    }

    [Theory(DisplayName = "a first look by a property waits for a store that answers later"), MemberData(nameof(All))]
    public async Task Blocking(string pipeline)
    {
        await using var site = await StartAsync(pipeline, ctx => Task.FromResult($"{ctx.GetRunaSession().Get(Keys.Visits)}"), onKestrel: true);
        var browser = await EstablishedAsync(site);
        var reads = site.Store.Inner.Reads = new Hold();
        var getting = browser.GetAsync("/");
        await reads.Arrived;
        Assert.False(getting.IsCompleted);
        reads.Release();
        Assert.Equal("1", (await getting).Body);
    }

    [Theory(DisplayName = "promise 7: a look moves the idle end, and a request without one does not"), MemberData(nameof(All))]
    public async Task Idle(string pipeline)
    {
        var looks = true;

        await using var site = await StartAsync(
            pipeline,
            ctx => looks ? Looks["property"](ctx) : Task.FromResult("-"),
            web => web.IdleTimeout = TimeSpan.FromMinutes(20));
        var browser = await EstablishedAsync(site);

        for (var i = 0; i < 3; i++)
        {
            site.App.Clock.Advance(TimeSpan.FromMinutes(15));
            Assert.Equal("Active", (await browser.GetAsync("/")).Body);
        }

        looks = false;
        site.App.Clock.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal("-", (await browser.GetAsync("/")).Body);
        site.App.Clock.Advance(TimeSpan.FromMinutes(15));
        looks = true;
        Assert.Equal("Expired", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "a parameter loads its session without blocking a thread")]
    public async Task Parameter()
    {
        await using var site = await Counted.StartAsync(app =>
        {
            app.UseRunaSession();
            Establish(app);
            app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}");
        });
        var browser = await EstablishedAsync(site);
        var before = site.Store.Calls;
        var answer = await browser.GetAsync("/");
        Assert.Equal(("1", "Cookie"), (answer.Body, answer.Header("vary")));
        Assert.Equal(before + 1, site.Store.Calls);
    }

    [Theory(DisplayName = "promise 20: output caching stores an endpoint's response if it did not look at its session, and not if it did")]
    [InlineData("around", "UseRunaSession")]
    [InlineData("around", "UseRunaAspNetSession")]
    [InlineData("around", "WithRunaSession")]
    [InlineData("behind", "UseRunaSession")]
    [InlineData("behind", "UseRunaAspNetSession")]
    public Task OutputCaching(string cache, string pipeline) =>
        CacheAsync(cache, pipeline, app => app.UseOutputCache(), services => services.AddOutputCache());

    [Theory(DisplayName = "promise 20: response caching stores a response if its request did not look at the session, and not if it did")]
    [InlineData("around", "UseRunaSession")]
    [InlineData("around", "UseRunaAspNetSession")]
    [InlineData("around", "WithRunaSession")]
    [InlineData("behind", "UseRunaSession")]
    [InlineData("behind", "UseRunaAspNetSession")]
    public Task ResponseCaching(string cache, string pipeline) =>
        CacheAsync(cache, pipeline, app => app.UseResponseCaching(), services => services.AddResponseCaching());

    private static async Task CacheAsync(string cache, string pipeline, Action<WebApplication> useCache, Action<IServiceCollection> services)
    {
        var runs = 0;

        await using var site = await Counted.StartAsync(
            app =>
            {
                if (cache == "around")
                {
                    useCache(app);
                }

                _ = pipeline switch
                {
                    "UseRunaSession" => app.UseRunaSession(),
                    "UseRunaAspNetSession" => app.UseRunaAspNetSession(),
                    _ => app,
                };

                if (cache == "behind")
                {
                    useCache(app);
                }

                string Answer(HttpContext ctx, bool looks)
                {
                    runs++;
                    ctx.Response.Headers.CacheControl = "public, max-age=600";
                    var seen = looks ? $"{ctx.GetRunaSession().Get(Keys.Visits)}" : "nobody";
                    return $"{runs}: {seen}";
                }

                var endpoints = app.MapGroup("");
                endpoints.MapGet("/plain", (HttpContext ctx) => Answer(ctx, looks: false)).CacheOutput();
                endpoints.MapGet("/looks", (HttpContext ctx) => Answer(ctx, looks: true)).CacheOutput();
                endpoints.MapGet("/empty", void (HttpContext ctx) => ctx.Response.Headers["X-Run"] = Answer(ctx, looks: true)).CacheOutput();
                _ = pipeline == "WithRunaSession" ? endpoints.WithRunaSession() : endpoints;
                Establish(app);
            },
            services);

        // Without its cookie a browser is anybody; output caching refuses nothing for a cookie either.
        var (ada, other) = (await EstablishedAsync(site), site.App.NewBrowser());
        var calls = site.Store.Calls;
        Assert.Equal("1: nobody", (await ada.GetAsync("/plain")).Body);
        Assert.Equal("1: nobody", (await ada.GetAsync("/plain")).Body);
        Assert.Equal("1: nobody", (await other.GetAsync("/plain")).Body);
        Assert.Equal(calls, site.Store.Calls);
        var looked = await ada.GetAsync("/looks");
        Assert.Equal(("2: 1", "Cookie"), (looked.Body, looked.Header("vary")));
        Assert.Equal("private, max-age=600", string.Join(", ", looked.Header("cache-control").Split(", ").OrderDescending()));
        Assert.Equal("3: 0", (await other.GetAsync("/looks")).Body);
        Assert.Equal("4: 1", (await ada.GetAsync("/looks")).Body);
        Assert.Equal("5: 1", (await ada.GetAsync("/empty")).Header("x-run"));
        Assert.Equal("6: 0", (await other.GetAsync("/empty")).Header("x-run"));
        Assert.Equal("1: nobody", (await ada.GetAsync("/plain")).Body);
    }

    private static Task<Counted> StartAsync(
        string pipeline,
        Func<HttpContext, Task<string>> endpoint,
        Action<RunaSessionOptions>? configure = null,
        bool onKestrel = false) =>
        Counted.StartAsync(
            app =>
            {
                Pipelines[pipeline](app, endpoint);
                Establish(app);
            },
            configure: configure,
            onKestrel: onKestrel);

    private static void Establish(WebApplication app) =>
        app.MapPost("/", (HttpContext ctx) => ctx.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 1)));

    private static async Task<Browser> EstablishedAsync(Counted site)
    {
        var browser = site.App.NewBrowser();
        await browser.PostAsync("/");
        return browser;
    }
}
