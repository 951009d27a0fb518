using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>How many sessions an owner may have.</summary>
public class LimitTests
{
    [Fact(DisplayName = "TrySignInAsync tells that a sign-in was refused, and the visitor's session stays as it was")]
    public async Task Refused()
    {
        await using var app = await StartAsync(WhenFull.Refuse);
        var (first, second) = (app.NewBrowser(), app.NewBrowser());
        Assert.Equal("in", (await first.PostAsync("/in")).Body);
        await second.PostAsync("/count");
        var before = second.Cookies.Values.Single();
        Assert.Equal("too many", (await second.PostAsync("/in")).Body);
        Assert.Equal(before, second.Cookies.Values.Single());
        Assert.Equal("2", (await second.PostAsync("/count")).Body);
        await first.PostAsync("/out");
        Assert.Equal("in", (await second.PostAsync("/in")).Body);
        Assert.Equal("3", (await second.PostAsync("/count")).Body);
    }

    [Theory(DisplayName = "every other way to sign in raises SessionLimitException, with session and limit")]
    [InlineData("/step")]
    [InlineData("/scheme")]
    [InlineData("/commit")]
    public async Task Raises(string path)
    {
        await using var app = await StartAsync(WhenFull.Refuse);
        await app.NewBrowser().PostAsync("/in");
        var answer = await app.NewBrowser().PostAsync(path);
        Assert.Equal("SessionLimitException web 1", answer.Body);
        Assert.Empty(answer.SetCookies);
    }

    [Fact(DisplayName = "EndOldest ends the earlier session")]
    public async Task EndOldest()
    {
        await using var app = await StartAsync(WhenFull.EndOldest);
        var (first, second) = (app.NewBrowser(), app.NewBrowser());
        await first.PostAsync("/in");
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("in", (await second.PostAsync("/in")).Body);
        Assert.Equal("nobody", (await first.GetAsync("/owner")).Body);
        Assert.Equal("ann", (await second.GetAsync("/owner")).Body);
    }

    private static Task<App> StartAsync(WhenFull whenFull) =>
        App.StartAsync(
            app =>
            {
                app.Use(async (context, next) =>
                {
                    try
                    {
                        await next(context);
                    }
                    catch (SessionLimitException e)
                    {
                        await context.Response.WriteAsync($"{nameof(SessionLimitException)} {e.Session} {e.Limit}");
                    }
                });
                app.UseRunaSession();
                app.MapPost("/in", async (RunaSession session) => await session.TrySignInAsync("ann") ? "in" : "too many");
                app.MapPost("/out", (RunaSession session) => session.SignOut());
                app.MapPost("/count", (RunaSession session) => session.Update("count", 0, count => count + 1).ToString());
                app.MapGet("/owner", (RunaSession session) => session.Owner ?? "nobody");
                app.MapPost("/step", (HttpContext ctx) => ctx.UpdateRunaSessionAsync("web", session => session.SignIn("ann")));
                app.MapPost("/scheme", (HttpContext ctx) => ctx.SignInAsync("web", new(new System.Security.Claims.ClaimsIdentity([new("sub", "ann")], "test"))));
                app.MapPost("/commit", async (RunaSession session) =>
                {
                    session.SignIn("ann");
                    await session.CommitAsync();
                });
            },
            sessions => sessions.AddSession("web", o =>
            {
                o.MaxSessions = 1;
                o.WhenFull = whenFull;
            }),
            services => services.AddAuthentication().AddRunaSession());
}
