using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>The tickets of cookie authentication in a session.</summary>
public class TicketTests
{
    [Theory(DisplayName = "promise 4: a planted cookie is worthless after the victim signed in")]
    [InlineData("/in?user=mallory", false)]
    [InlineData("/in?user=mallory", true)]
    [InlineData("/in", false)]
    [InlineData("/in", true)]
    public async Task Planted(string planted, bool onKestrel)
    {
        await using var app = await StartAsync(onKestrel);
        var attacker = app.NewBrowser();
        await attacker.PostAsync(planted);
        var victim = attacker.Copy();
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Single((await victim.PostAsync("/in?user=ann")).SetCookies);
        Assert.Equal("nobody", (await attacker.GetAsync("/me")).Body);
        Assert.Equal("ann", (await victim.GetAsync("/me")).Body);
        Assert.Empty(await app.Sessions.ListAsync("tickets", "mallory", TestContext.Current.CancellationToken));
        Assert.Single(await app.Sessions.ListAsync("tickets", "ann", TestContext.Current.CancellationToken));
    }

    [Fact(DisplayName = "promise 4: signing in again changes the key, sliding expiration keeps it")]
    public async Task AgainAndSliding()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/in?user=ann");
        var before = browser.Copy();
        app.Clock.Advance(TimeSpan.FromMinutes(40));
        Assert.Single((await browser.GetAsync("/me")).SetCookies);
        Assert.Equal("ann", (await before.GetAsync("/me")).Body);
        await browser.PostAsync("/in?user=ann");
        Assert.Equal("nobody", (await before.GetAsync("/me")).Body);
        Assert.Equal("ann", (await browser.GetAsync("/me")).Body);
        await browser.PostAsync("/out");
        Assert.Empty(await app.Sessions.ListAsync("tickets", "ann", TestContext.Current.CancellationToken));
    }

    [Fact(DisplayName = "a sign-out and a sign-in in one request")]
    public async Task Swap()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/in?user=ann");
        await browser.PostAsync("/swap?user=bob");
        Assert.Equal("bob", (await browser.GetAsync("/me")).Body);
        Assert.Empty(await app.Sessions.ListAsync("tickets", "ann", TestContext.Current.CancellationToken));
    }

    [Theory(DisplayName = "promise 23: tickets in a session that rotates or is bound to devices keep the application from starting")]
    [InlineData(true, DeviceBound.Off, "rotate")]
    [InlineData(false, DeviceBound.Offer, "device_bound")]
    [InlineData(false, DeviceBound.Require, "device_bound")]
    public async Task Refused(bool rotates, DeviceBound bound, string setting)
    {
        var (app, _, _) = App.Build(
            _ => { },
            sessions => sessions.AddSession("tickets", o =>
            {
                o.Rotate = rotates ? TimeSpan.FromMinutes(15) : null;
                o.DeviceBound = bound;
            }),
            services => services.AddAuthentication().AddCookie().AddRunaTicketStore("tickets"));

        await using (app)
        {
            var e = await Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync(TestContext.Current.CancellationToken));
            Assert.Contains($"The session \"tickets\" cannot keep tickets with {setting}: ", e.Message, StringComparison.Ordinal);
        }
    }

    private static Task<App> StartAsync(bool onKestrel = false) =>
        App.StartAsync(
            app =>
            {
                app.UseAuthentication();
                app.MapPost("/in", (HttpContext context, string? user) => SignInAsync(context, user));
                app.MapPost("/out", (HttpContext context) => context.SignOutAsync());
                app.MapPost("/swap", async (HttpContext context, string? user) =>
                {
                    await context.SignOutAsync();
                    await SignInAsync(context, user);
                });
                app.MapGet("/me", (HttpContext context) => context.User.FindFirstValue("sub") ?? "nobody");
            },
            sessions => sessions.AddSession("tickets", _ => { }),
            services => services
                .AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
                .AddCookie(options => options.ExpireTimeSpan = TimeSpan.FromHours(1))
                .AddRunaTicketStore("tickets"),
            onKestrel);

    private static Task SignInAsync(HttpContext context, string? user)
    {
        Claim[] claims = user is null ? [new("cart", "1")] : [new("sub", user)];
        return context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity(claims, "test")));
    }
}
