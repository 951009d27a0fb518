using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace CSharp.Tests.Beside;

/// <summary>Antiforgery and data protection, with cookies and keys of their own, beside a session.</summary>
public class AntiforgeryTests
{
    [Fact(DisplayName = "promise 21: antiforgery's cookie and the session's live side by side")]
    public async Task SideBySide()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        var page = await browser.GetAsync("/form");
        Assert.Equal(2, browser.Cookies.Count);
        Assert.Equal("no-store, no-cache", page.Header("Cache-Control"));

        var refused = await browser.PostAsync("/order", ("item", "tea"));
        Assert.Equal(400, (int)refused.Status);
        var taken = await browser.PostAsync("/order", ("item", "tea"), ("__RequestVerificationToken", page.Body));
        Assert.Equal("tea: 1", taken.Body);
        Assert.Equal(2, browser.Cookies.Count);
    }

    [Fact(DisplayName = "a form rendered before a sign-in is refused after it, as antiforgery requires")]
    public async Task AcrossSignIn()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        var page = await browser.GetAsync("/form");
        await browser.PostAsync("/in");
        var fresh = await browser.GetAsync("/form");
        Assert.Equal("tea: 1", (await browser.PostAsync("/order", ("item", "tea"), ("__RequestVerificationToken", fresh.Body))).Body);
        Assert.NotEqual(page.Body, fresh.Body);
    }

    [Fact(DisplayName = "a value protected by data protection can be stored in a session, and a later request opens it")]
    public async Task DataProtection()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.PostAsync("/protect");
        Assert.Equal("4111", (await browser.GetAsync("/unprotect")).Body);
    }

    private static Task<App> StartAsync() =>
        App.StartAsync(
            app =>
            {
                app.UseRouting();
                app.UseRunaSession();
                app.UseAntiforgery();
                app.MapGet("/form", (HttpContext ctx, RunaSession session, IAntiforgery antiforgery) =>
                {
                    session.Set(Keys.Name, "visitor");
                    return antiforgery.GetAndStoreTokens(ctx).RequestToken;
                });
                app.MapPost("/order", ([FromForm] string item, RunaSession session) =>
                    $"{item}: {session.Update(Keys.Visits, 0, n => n + 1)}");
                app.MapPost("/in", (RunaSession session) => session.SignIn("ada"));
                app.MapPost("/protect", (RunaSession session, IDataProtectionProvider provider) =>
                    session.Set("card", provider.CreateProtector("card").Protect("4111")));
                app.MapGet("/unprotect", (RunaSession session, IDataProtectionProvider provider) =>
                    provider.CreateProtector("card").Unprotect(session.Get("card", "")));
            },
            services: services =>
            {
                services.AddAntiforgery();
                services.AddDataProtection().UseEphemeralDataProtectionProvider();
            });
}
