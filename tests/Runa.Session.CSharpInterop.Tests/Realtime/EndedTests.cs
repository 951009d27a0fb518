using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Xunit;

namespace CSharp.Tests.Realtime;

/// <summary>A hub, or a Blazor circuit, which is one: the session of its connection ends meanwhile.</summary>
public class EndedTests
{
    private static readonly string[] s_ends = ["revoked owner", "revoked", "revoked all", "signed out", "expired", "moved"];
    private static readonly string[] s_calls = [nameof(OutlivingHub.Update), nameof(OutlivingHub.SetAndCommit), nameof(OutlivingHub.ReloadAndSet), nameof(OutlivingHub.ReloadAndUpdate), nameof(OutlivingHub.AspNet), nameof(OutlivingHub.ReloadAndAspNet)];

    public static TheoryData<string, string, HttpTransportType> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, HttpTransportType>();

            foreach (var end in s_ends)
            {
                foreach (var call in s_calls)
                {
                    cases.Add(end, call, HttpTransportType.WebSockets);
                }

                cases.Add(end, nameof(OutlivingHub.Update), HttpTransportType.LongPolling);
                cases.Add(end, nameof(OutlivingHub.ReloadAndUpdate), HttpTransportType.LongPolling);
            }

            return cases;
        }
    }

    [Theory(DisplayName = "promise 9: a hub whose session has ended is told that it has, not that the response has started"), MemberData(nameof(Cases))]
    public async Task Ended(string end, string call, HttpTransportType transport)
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync(end is "revoked all" or "expired" ? "/begin" : "/sign-in");
        await using var connection = await ConnectAsync(app, browser, transport);
        Assert.Equal("Ada", await connection.InvokeAsync<string>(nameof(OutlivingHub.Name), TestContext.Current.CancellationToken));
        var copy = browser.Copy();
        await EndAsync(app, browser, end);

        var e = await Assert.ThrowsAsync<HubException>(() => connection.InvokeAsync(call, TestContext.Current.CancellationToken));

        Assert.Contains(end == "moved" ? "new id" : "ended", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("the response has started", e.Message, StringComparison.Ordinal);
        Assert.Equal(end == "moved" ? "Ada 0" : " 0", (await browser.GetAsync("/")).Body);
        Assert.Equal(" 0", (await copy.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "a session that is kept beyond its request says that the request has ended")]
    public async Task Kept()
    {
        RunaSession? kept = null;
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapPost("/", (RunaSession session) => kept = session);
        });
        await app.NewBrowser().PostAsync("/");
        var e = Assert.Throws<InvalidOperationException>(() => kept!.Set(Keys.Visits, 1));
        Assert.Contains("its request has ended", e.Message, StringComparison.Ordinal);
    }

    private static async Task EndAsync(App app, Browser browser, string end)
    {
        var token = TestContext.Current.CancellationToken;

        switch (end)
        {
            case "revoked owner":
                await app.Sessions.RevokeOwnerAsync("web", "ada", token);
                break;
            case "revoked":
                Assert.True(await app.Sessions.RevokeAsync("web", "ada", (await app.Sessions.ListAsync("web", "ada", token))[0].Handle, token));
                break;
            case "revoked all":
                Assert.Equal(1, await app.Sessions.RevokeAllAsync("web", token));
                break;
            case "signed out":
                await browser.PostAsync("/end");
                break;
            case "moved":
                await browser.PostAsync("/regenerate");
                break;
            default:
                app.Clock.Advance(TimeSpan.FromHours(3));
                break;
        }
    }

    private static async Task<HubConnection> ConnectAsync(App app, Browser browser, HttpTransportType transport)
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

    private static Task<App> StartAsync() =>
        App.StartAsync(
            app =>
            {
                app.UseWebSockets();
                app.UseRunaAspNetSession();
                app.MapHub<OutlivingHub>("/hub");
                app.MapPost("/begin", (RunaSession session) => session.Set(Keys.Name, "Ada"));
                app.MapPost("/sign-in", (RunaSession session) =>
                {
                    session.Set(Keys.Name, "Ada");
                    session.SignIn("ada");
                });
                app.MapPost("/end", (RunaSession session) => session.SignOut());
                app.MapPost("/regenerate", (RunaSession session) => session.Regenerate());
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Name)} {session.Get(Keys.Visits)}");
            },
            services: services => services.AddSignalR(options => options.EnableDetailedErrors = true),
            onKestrel: true);

    public class OutlivingHub : Hub
    {
        private HttpContext Request => Context.GetHttpContext()!;

        // Without WebSockets the hub has a copy of the request, with sessions of its own.
        public async Task<string?> Name() => (await Request.LoadRunaSessionAsync()).Get(Keys.Name);

        public Task Update() => Request.UpdateRunaSessionAsync("web", session => session.Set(Keys.Visits, 7));

        public Task SetAndCommit()
        {
            Request.GetRunaSession().Set(Keys.Visits, 7);
            return Request.GetRunaSession().CommitAsync();
        }

        public async Task ReloadAndSet()
        {
            await Request.GetRunaSession().ReloadAsync();
            Assert.Equal(SessionStatus.Expired, Request.GetRunaSession().Status);
            await SetAndCommit();
        }

        public async Task ReloadAndUpdate()
        {
            await Request.GetRunaSession().ReloadAsync();
            await Update();
        }

        public Task AspNet()
        {
            Request.Session.SetInt32("visits", 7);
            return Request.Session.CommitAsync();
        }

        public async Task ReloadAndAspNet()
        {
            await Request.GetRunaSession().ReloadAsync();
            await AspNet();
        }
    }
}
