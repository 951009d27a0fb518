using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Blazor;

/// <summary>Components that are rendered on the server; the tests in Chromium have those of circuits.</summary>
public class StaticTests
{
    [Fact(DisplayName = "a static page has the sessions as cascading parameters and by the service")]
    public async Task Parameters()
    {
        await using var app = await StartAsync(new Later());
        var browser = app.NewBrowser();
        Assert.Contains("web 1, admin 10", (await browser.GetAsync("/counted")).Body, StringComparison.Ordinal);
        Assert.Contains("web 2, admin 20", (await browser.GetAsync("/counted")).Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "promise 20: a page that does not use its session does not load it, and its response is left alone")]
    public async Task Unused()
    {
        await using var app = await StartAsync(new Later());
        var browser = app.NewBrowser();
        await browser.GetAsync("/counted");
        var answer = await browser.GetAsync("/plain");
        Assert.Contains("no session", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Cookie", answer.Header("vary"), StringComparison.Ordinal);
    }

    [Fact(DisplayName = "promise 13: what a streamed page sets before its first await has its cookie, and what it sets later is saved")]
    public async Task Streamed()
    {
        var later = new Later { Before = session => session.Set(Keys.Visits, 1), After = session => session.Set(Keys.Visits, 2) };
        await using var app = await StartAsync(later);
        var browser = app.NewBrowser();
        var answer = await browser.GetAsync("/streamed");
        Assert.Contains("[begun]", answer.Body, StringComparison.Ordinal);
        Assert.Contains("[done]", answer.Body, StringComparison.Ordinal);
        Assert.Single(answer.SetCookies, cookie => cookie.StartsWith("__Host-runa_session=", StringComparison.Ordinal));
        Assert.Equal("2", (await browser.GetAsync("/visits")).Body);
    }

    [Theory(DisplayName = "promise 14: a streamed page whose change needs a cookie after its first await is told so")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NeedsCookie(bool hasLooked)
    {
        var later = new Later { Before = hasLooked ? session => session.Get(Keys.Visits) : null, After = session => session.Set(Keys.Visits, 2) };
        await using var app = await StartAsync(later);
        var browser = app.NewBrowser();
        var answer = await browser.GetAsync("/streamed");
        Assert.Contains("this change must set or expire its cookie, but the response has started", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("__Host-runa_session", browser.Cookies.Keys);
        Assert.Equal("0", (await browser.GetAsync("/visits")).Body);
    }

    [Fact(DisplayName = "ReadAsync refuses a function that changes the session")]
    public async Task Changing()
    {
        await using var app = await StartAsync(new Later());
        var answer = await app.NewBrowser().GetAsync("/changing");
        Assert.Contains("Use UpdateAsync, which saves the change.", answer.Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "outside a request and a circuit the service says where it can be used")]
    public async Task Outside()
    {
        await using var app = await StartAsync(new Later());
        await using var scope = app.Services.CreateAsyncScope();
        var sessions = scope.ServiceProvider.GetRequiredService<RunaComponentSessions>();
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => sessions.ReadAsync("web", session => session.IsEmpty, TestContext.Current.CancellationToken));
        Assert.Contains("outside a request and outside a circuit", e.Message, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "interactive components need no authentication")]
    public async Task WithoutAuthentication()
    {
        await using var app = await StartAsync(new Later(), services => services.AddServerSideBlazor().AddRunaSession());
        Assert.Contains("web 1, admin 10", (await app.NewBrowser().GetAsync("/counted")).Body, StringComparison.Ordinal);
    }

    private static Task<App> StartAsync(Later later, Action<IServiceCollection>? configure = null) => App.StartAsync(
        app =>
        {
            app.UseRunaSession("web", "admin");
            app.UseAntiforgery();
            app.MapRazorComponents<Root>();
            app.MapGet("/visits", (RunaSession session) => $"{session.Get(Keys.Visits)}");
            app.MapGet("/changing", async (HttpContext ctx) =>
            {
                var sessions = ctx.RequestServices.GetRequiredService<RunaComponentSessions>();
                var e = await Assert.ThrowsAsync<InvalidOperationException>(
                    () => sessions.ReadAsync("web", session => session.Update(Keys.Visits, 0, n => n + 1)));
                return e.Message;
            });
        },
        services: services =>
        {
            services.AddSingleton(later);
            services.AddRazorComponents().AddRunaSession("web", "admin");
            configure?.Invoke(services);
        });
}
