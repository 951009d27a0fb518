using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>A sign-in with the principal that an identity provider made, and the look-up of the session that it began.</summary>
public class PrincipalTests
{
    [Theory(DisplayName = "promise 4: SignIn with a principal does what HttpContext.SignInAsync does, with a new id")]
    [InlineData(ClaimTypes.NameIdentifier)]
    [InlineData("sub")]
    [InlineData(ClaimTypes.Name)]
    public async Task Alike(string type)
    {
        await using var app = await StartAsync(Principal((type, "ada"), ("role", "admin"), ("role", "user")));
        var (direct, framework) = (app.NewBrowser(), app.NewBrowser());
        await direct.PostAsync("/visit");
        var before = direct.Copy();
        await direct.PostAsync("/in");
        await framework.PostAsync("/in-async");
        Assert.Equal("ada role=admin role=user", (await direct.GetAsync("/")).Body.Replace($" {type}=ada", "", StringComparison.Ordinal));
        Assert.Equal((await framework.GetAsync("/")).Body, (await direct.GetAsync("/")).Body);
        Assert.NotEqual(before.Cookies, direct.Cookies);
        Assert.Equal("", (await before.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "a principal that does not say who the user is raises, naming the session and what is missing, and nobody is signed in")]
    public async Task Nobody()
    {
        await using var app = await StartAsync(Principal(("role", "admin")));
        var browser = app.NewBrowser();
        var e = await Assert.ThrowsAsync<ArgumentException>(() => browser.PostAsync("/in"));
        Assert.Contains("session \"web\"", e.Message, StringComparison.Ordinal);
        Assert.Contains("ClaimTypes.NameIdentifier", e.Message, StringComparison.Ordinal);
        Assert.Equal("", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 27: an owner's session is found by its handle, until it ends, and by no other owner and name")]
    public async Task Find()
    {
        var token = TestContext.Current.CancellationToken;
        await using var app = await StartAsync(Principal(("sub", "ada")));
        var browser = app.NewBrowser();
        await browser.PostAsync("/in");
        var handle = (await browser.GetAsync("/handle")).Body;

        var found = await app.Sessions.FindAsync("web", "ada", handle, token);
        Assert.Equal((handle, "Firefox"), (found?.Handle, found?.Label));
        var listed = Assert.Single(await app.Sessions.ListAsync("web", "ada", token));
        Assert.Equal((listed.Handle, listed.EndsAt, listed.SignedInAt), (found!.Handle, found.EndsAt, found.SignedInAt));

        Assert.Null(await app.Sessions.FindAsync("web", "bob", handle, token));
        Assert.Null(await app.Sessions.FindAsync("admin", "ada", handle, token));
        Assert.Null(await app.Sessions.FindAsync("web", "ada", "no handle", token));
        await browser.PostAsync("/in");
        Assert.Null(await app.Sessions.FindAsync("web", "ada", handle, token)); // a tombstone
        var moved = (await browser.GetAsync("/handle")).Body;
        Assert.NotNull(await app.Sessions.FindAsync("web", "ada", moved, token));
        app.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Null(await app.Sessions.FindAsync("web", "ada", moved, token)); // expired
    }

    private static ClaimsPrincipal Principal(params (string Type, string Value)[] claims) =>
        new(new ClaimsIdentity(claims.Select(claim => new Claim(claim.Type, claim.Value)), "test"));

    private static Task<App> StartAsync(ClaimsPrincipal principal) => App.StartAsync(
        app =>
        {
            app.UseRunaSession();
            app.UseAuthentication();
            app.MapPost("/visit", (RunaSession session) => session.Set(Keys.Visits, 1));
            app.MapPost("/in", (RunaSession session) =>
            {
                session.SignIn(principal);
                session.Label = "Firefox";
            });
            app.MapPost("/in-async", (HttpContext ctx) => ctx.SignInAsync("web", principal));
            app.MapGet("/handle", (RunaSession session) => session.Handle);
            app.MapGet("/", (RunaSession session) => string.Join(' ', session.Claims.Select(claim => $"{claim.Type}={claim.Value}").Prepend(session.Owner)));
        },
        services: services => services.AddAuthentication().AddRunaSession("web"));
}
