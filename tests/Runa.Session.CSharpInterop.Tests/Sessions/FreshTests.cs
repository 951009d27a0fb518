using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Sign-ins that are long ago, and authenticating again.</summary>
public class FreshTests
{
    [Fact(DisplayName = "a policy demands a fresh sign-in, and Reauthenticate makes it fresh again, with a new id")]
    public async Task Policy()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/in");
        Assert.Equal(200, (int)(await browser.GetAsync("/secure")).Status);
        Assert.Equal("True", (await browser.GetAsync("/fresh")).Body);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("False", (await browser.GetAsync("/fresh")).Body);
        var stale = await browser.GetAsync("/secure");
        Assert.Equal((302, "/confirm?ReturnUrl=%2Fsecure"), ((int)stale.Status, stale.Header("Location")));
        var before = browser.Cookies.Values.Single();
        await browser.PostAsync("/again");
        Assert.NotEqual(before, browser.Cookies.Values.Single());
        Assert.Equal(200, (int)(await browser.GetAsync("/secure")).Status);
        Assert.Equal("ann", (await browser.GetAsync("/owner")).Body);
    }

    [Fact(DisplayName = "Reauthenticate without an owner raises, and says what to do")]
    public async Task Nobody()
    {
        await using var app = await StartAsync();
        var answer = await app.NewBrowser().PostAsync("/nobody");
        Assert.Contains("Nobody is signed in to the session \"web\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("(in C#: SignIn)", answer.Body, StringComparison.Ordinal);
    }

    private static Task<App> StartAsync() =>
        App.StartAsync(
            app =>
            {
                app.UseRouting();
                app.UseRunaSession();
                app.UseAuthentication();
                app.UseAuthorization();
                app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
                app.MapPost("/again", (RunaSession session) => session.Reauthenticate());
                app.MapGet("/fresh", (RunaSession session) => session.IsFresh(TimeSpan.FromMinutes(10)).ToString());
                app.MapGet("/owner", (RunaSession session) => session.AuthenticatedAt == session.SignedInAt ? session.Owner : "never");
                app.MapGet("/secure", () => "secure").RequireAuthorization("fresh");
                app.MapPost("/nobody", (RunaSession session) =>
                {
                    try
                    {
                        session.Reauthenticate();
                        return "nothing";
                    }
                    catch (InvalidOperationException e)
                    {
                        return e.Message;
                    }
                });
            },
            services: services =>
            {
                services.AddAuthentication().AddRunaSession("web", o => o.ReauthenticationPath = "/confirm");
                services.AddAuthorization(options => options.AddPolicy("fresh", policy => policy.RequireFreshSession(TimeSpan.FromMinutes(10))));
            });
}
