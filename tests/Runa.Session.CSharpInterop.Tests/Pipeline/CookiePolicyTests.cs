using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.CookiePolicy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>UseCookiePolicy governs the sessions' cookies as it does the framework's.</summary>
public class CookiePolicyTests
{
    private const string Cookie = "__Host-runa_session";

    // As the driver "cookie" keeps it, in pieces.
    public static TheoryData<string, bool> Forms =>
        [.. from driver in new[] { "memory", "cookie" } from before in new[] { true, false } select (driver, before)];

    [Theory(DisplayName = "without a policy the cookie has the attributes of the session's settings"), MemberData(nameof(Forms))]
    public async Task NoPolicy(string driver, bool before)
    {
        await using var app = await StartAsync(driver, before, policy: null);
        AssertAll((await app.NewBrowser().PostAsync("/")).SetCookies, driver, "SameSite=Lax; Secure; HttpOnly");
    }

    [Theory(DisplayName = "the policy's minimum of SameSite, its Secure and HttpOnly hold for every piece"), MemberData(nameof(Forms))]
    public async Task Attributes(string driver, bool before)
    {
        await using var app = await StartAsync(
            driver,
            before,
            new CookiePolicyOptions
            {
                MinimumSameSitePolicy = SameSiteMode.Strict,
                Secure = CookieSecurePolicy.Always,
                HttpOnly = HttpOnlyPolicy.Always,
            },
            web =>
            {
                web.CookieName = "sid";
                web.Secure = CookieSecurePolicy.None;
                web.HttpOnly = false;
            });

        AssertAll((await app.NewBrowser().PostAsync("/")).SetCookies, driver, "secure; samesite=strict; httponly");
    }

    [Theory(DisplayName = "a policy that asks for nothing changes nothing"), MemberData(nameof(Forms))]
    public async Task Neutral(string driver, bool before)
    {
        await using var app = await StartAsync(
            driver,
            before,
            new CookiePolicyOptions { MinimumSameSitePolicy = SameSiteMode.Unspecified },
            web => web.Partitioned = true);
        var browser = app.NewBrowser();
        AssertAll((await browser.PostAsync("/")).SetCookies, driver, "max-age=7200; path=/; secure; samesite=lax; httponly; Partitioned");
        Assert.Equal("3000", (await browser.GetAsync("/")).Body);
    }

    [Theory(DisplayName = "a cookie that is not essential waits for consent; an essential one does not")]
    [InlineData("memory", false, false, 0)]
    [InlineData("memory", false, true, 1)]
    [InlineData("memory", true, false, 1)]
    [InlineData("cookie", false, false, 0)]
    [InlineData("cookie", true, false, 3)]
    public async Task Consent(string driver, bool isEssential, bool consents, int cookies)
    {
        await using var app = await StartAsync(
            driver,
            before: true,
            new CookiePolicyOptions { CheckConsentNeeded = _ => true },
            web => web.IsEssential = isEssential);
        var browser = app.NewBrowser();

        if (consents)
        {
            await browser.PostAsync("/consent");
        }

        var sent = (await browser.PostAsync("/")).SetCookies.Count(text => text.StartsWith(Cookie, StringComparison.Ordinal));
        Assert.Equal(cookies, sent);
        Assert.Equal(cookies > 0 ? "3000" : "0", (await browser.GetAsync("/")).Body);
    }

    [Theory(DisplayName = "OnAppendCookie is called for each cookie that is set, and may change it"), MemberData(nameof(Forms))]
    public async Task OnAppend(string driver, bool before)
    {
        List<string> asked = [];

        await using var app = await StartAsync(driver, before, new CookiePolicyOptions
        {
            OnAppendCookie = cookie =>
            {
                asked.Add(cookie.CookieName);
                cookie.CookieOptions.SameSite = SameSiteMode.None;
            },
        });

        var set = (await app.NewBrowser().PostAsync("/")).SetCookies;
        AssertAll(set, driver, "samesite=none");
        Assert.Equal(set.Select(text => text.Split('=')[0]), asked);
    }

    [Theory(DisplayName = "OnDeleteCookie is called for each cookie that is deleted"), MemberData(nameof(Forms))]
    public async Task OnDelete(string driver, bool before)
    {
        List<string> asked = [];

        await using var app = await StartAsync(driver, before, new CookiePolicyOptions
        {
            Secure = CookieSecurePolicy.Always,
            OnDeleteCookie = cookie => asked.Add(cookie.CookieName),
        });

        var browser = app.NewBrowser();
        var names = (await browser.PostAsync("/")).SetCookies.Select(text => text.Split('=')[0]).ToArray();
        var taken = (await browser.PostAsync("/out")).SetCookies;
        Assert.Equal(names, asked);
        Assert.Equal(names, taken.Select(text => text.Split('=')[0]));
        Assert.All(taken, text => Assert.Contains("expires=Thu, 01 Jan 1970", text, StringComparison.Ordinal));
        Assert.All(taken, text => Assert.Contains("path=/; secure", text, StringComparison.Ordinal));
        Assert.Empty(browser.Cookies);
    }

    private static void AssertAll(IReadOnlyList<string> set, string driver, string attributes)
    {
        Assert.Equal(driver == "cookie" ? 3 : 1, set.Count);
        Assert.All(set, text => Assert.Contains(attributes, text, StringComparison.Ordinal));
    }

    /// <summary>`before`: the policy stands around the session, as the templates have it; or inside of it.</summary>
    private static Task<App> StartAsync(
        string driver,
        bool before,
        CookiePolicyOptions? policy,
        Action<RunaSessionOptions>? configure = null)
    {
        void UsePolicy(WebApplication app)
        {
            if (policy is not null)
            {
                app.UseCookiePolicy(policy);
            }
        }

        return App.StartAsync(
            app =>
            {
                if (before)
                {
                    UsePolicy(app);
                }

                app.UseRunaSession();

                if (!before)
                {
                    UsePolicy(app);
                }

                app.MapPost("/consent", (HttpContext ctx) => ctx.Features.Get<ITrackingConsentFeature>()!.GrantConsent());
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Name)?.Length ?? 0}");
                app.MapPost("/out", (RunaSession session) => session.Destroy());
                app.MapPost("/", (RunaSession session) => session.Set(Keys.Name, new string('x', 3_000)));
            },
            sessions => sessions.AddSession("web", web =>
            {
                web.Driver = driver;
                configure?.Invoke(web);
            }));
    }
}
