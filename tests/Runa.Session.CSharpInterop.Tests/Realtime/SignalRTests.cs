using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Xunit;

namespace CSharp.Tests.Realtime;

/// <summary>A hub reads the session of the request that opened its connection, and commits by itself.</summary>
public class SignalRTests
{
    [Fact(DisplayName = "a hub reads the session, and the next request gets what it commits")]
    public async Task ReadAndCommit()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await using var connection = await ConnectAsync(app, browser);
        Assert.Equal("Ada", await connection.InvokeAsync<string>("Name", TestContext.Current.CancellationToken));
        Assert.Equal(1, await connection.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken));
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 12: when hubs and requests count at once, every count counts")]
    public async Task Concurrent()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await using var one = await ConnectAsync(app, browser);
        await using var two = await ConnectAsync(app, browser);

        var visits = Enumerable.Range(0, 60).Select(n => (n % 3) switch
        {
            0 => one.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken),
            1 => two.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken),
            _ => (Task)browser.PostAsync("/visit"),
        });

        await Task.WhenAll(visits);
        Assert.Equal("60", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "a hub that loads again sees what other requests stored, and that the session has ended")]
    public async Task Reload()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await using var connection = await ConnectAsync(app, browser);
        await browser.PostAsync("/visit");
        Assert.Equal("Active 1", await connection.InvokeAsync<string>("Reload", TestContext.Current.CancellationToken));
        await browser.PostAsync("/end");
        Assert.Equal("Expired 0", await connection.InvokeAsync<string>("Reload", TestContext.Current.CancellationToken));
    }

    [Fact(DisplayName = "promise 9: a hub cannot bring back a session that has ended")]
    public async Task Ended()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await using var connection = await ConnectAsync(app, browser);
        var copy = browser.Copy();
        await browser.PostAsync("/end");
        var e = await Assert.ThrowsAsync<HubException>(
            () => connection.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken));
        Assert.Contains("it has ended", e.Message, StringComparison.Ordinal);
        Assert.Equal("0", (await copy.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 4: over long polling, where no cookie can be sent, a hub that signs in raises and leaves the session as it is")]
    public async Task LongPolling()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        await using var connection = await ConnectAsync(app, browser, HttpTransportType.LongPolling);
        var e = await Assert.ThrowsAsync<HubException>(
            () => connection.InvokeAsync("SignIn", TestContext.Current.CancellationToken));
        Assert.Contains("the response has started", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, await connection.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken));
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 29: a hub over long polling that first looks at its session long after a rotation is no thief")]
    public async Task Rotated()
    {
        await using var app = await StartAsync(
            setup => setup.AddSession("web", options => options.Rotate = TimeSpan.FromMinutes(15)));
        var browser = app.NewBrowser();
        await browser.PostAsync("/sign-in");
        await using var connection = await ConnectAsync(app, browser, HttpTransportType.LongPolling);
        var before = browser.Cookies.Single().Value;
        app.Clock.Advance(TimeSpan.FromMinutes(15));
        await browser.GetAsync("/");
        Assert.NotEqual(before, browser.Cookies.Single().Value);
        await browser.GetAsync("/");
        app.Clock.Advance(TimeSpan.FromMinutes(7));
        Assert.Equal(1, await connection.InvokeAsync<int>("Visit", TestContext.Current.CancellationToken));
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
    }

    private static async Task<HubConnection> ConnectAsync(
        App app,
        Browser browser,
        HttpTransportType transport = HttpTransportType.WebSockets)
    {
        var connection = new HubConnectionBuilder()
            .WithUrl(
                new Uri(app.Address, "/hub"),
                transport,
                options => options.Headers["Cookie"] = string.Join("; ", browser.Cookies.Select(c => $"{c.Key}={c.Value}")))
            .Build();
        await connection.StartAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static Task<App> StartAsync(Action<RunaSessionBuilder>? sessions = null) =>
        App.StartAsync(
            app =>
            {
                app.UseWebSockets();
                app.MapHub<CounterHub>("/hub").WithRunaSession("web");
                app.MapPost("/begin", (RunaSession session) => session.Set(Keys.Name, "Ada")).WithRunaSession();
                app.MapPost("/sign-in", (RunaSession session) => session.SignIn("ada")).WithRunaSession();
                app.MapPost("/visit", (RunaSession session) => session.Update(Keys.Visits, 0, n => n + 1)).WithRunaSession();
                app.MapPost("/end", (RunaSession session) => session.Destroy()).WithRunaSession();
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}").WithRunaSession();
            },
            sessions,
            services => services.AddSignalR(options => options.EnableDetailedErrors = true),
            onKestrel: true);

    /// <summary>SignalR makes a hub for each call; the connection's request, and its session, stay.</summary>
    public class CounterHub : Hub
    {
        private HttpContext Request => Context.GetHttpContext()!;

        public string? Name() => Request.GetRunaSession().Get(Keys.Name);

        public Task<int> Visit() =>
            Request.UpdateRunaSessionAsync("web", session => session.Update(Keys.Visits, 0, n => n + 1));

        public Task SignIn() => Request.UpdateRunaSessionAsync("web", session => session.SignIn("ada"));

        public async Task<string> Reload()
        {
            var session = Request.GetRunaSession();
            await session.ReloadAsync();
            return $"{session.Status} {session.Get(Keys.Visits)}";
        }
    }
}
