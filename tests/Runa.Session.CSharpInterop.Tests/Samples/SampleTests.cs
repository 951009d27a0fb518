using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace CSharp.Tests.Samples;

/// <summary>The C# sample, as a visitor uses it.</summary>
public sealed partial class SampleTests : IAsyncLifetime
{
    private SampleProcess _sample = null!;

    public async ValueTask InitializeAsync() =>
        _sample = await SampleProcess.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _sample.DisposeAsync();

    [Fact(DisplayName = "a visit is counted")]
    public async Task Visits()
    {
        var browser = _sample.NewBrowser();
        Assert.Contains("You have been here once.", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.Contains("You have been here 2 times.", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "the cart is filled from the page and from the API, and TempData tells of it once")]
    public async Task Cart()
    {
        var browser = _sample.NewBrowser();
        var added = await SubmitAsync(browser, "/cart", "/cart?handler=Add", ("sku", "tea"));
        Assert.Equal("/Cart", added.Header("Location"));
        Assert.Contains("Added: Tea, green.", (await browser.GetAsync("/cart")).Body, StringComparison.Ordinal);
        var cart = await browser.PostAsync("/api/cart/tea");
        Assert.Contains("\"count\":2", cart.Body, StringComparison.Ordinal);
        var page = (await browser.GetAsync("/cart")).Body;
        Assert.Contains("2 × Tea, green", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.DoesNotContain("Added: ", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.PostAsync("/api/cart/nothing")).Status);
    }

    [Fact(DisplayName = "signing in leads to the return URL and lists the device; signing out ends it for good")]
    public async Task SignIn()
    {
        var browser = _sample.NewBrowser();
        var refused = await browser.GetAsync("/account");
        Assert.Equal("/login?ReturnUrl=%2Faccount", refused.Header("Location"));
        var wrong = await SubmitAsync(browser, refused.Header("Location"), "/login", ("name", "ada"), ("password", "wrong"));
        Assert.Contains("do not go together", wrong.Body, StringComparison.Ordinal);
        var signedIn = await SubmitAsync(
            browser,
            refused.Header("Location"),
            "/login",
            ("name", "ada"),
            ("password", "demo"),
            ("returnUrl", "/account"));
        Assert.Equal("/account", signedIn.Header("Location"));
        var account = await browser.GetAsync("/account");
        Assert.Contains("Welcome!", account.Body, StringComparison.Ordinal);
        Assert.Contains("You are signed in as Ada Lovelace", account.Body, StringComparison.Ordinal);
        Assert.Contains("This device", account.Body, StringComparison.Ordinal);

        var copy = browser.Copy();
        await SubmitAsync(browser, "/account", "/Logout");
        Assert.Contains("Goodbye!", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await copy.GetAsync("/account")).Status);
    }

    [Fact(DisplayName = "a return URL that is not ASCII is followed")]
    public async Task WideReturnUrl()
    {
        var answer = await SubmitAsync(
            _sample.NewBrowser(),
            "/login?ReturnUrl=%2Fcaf%C3%A9%3Fa%3Db%2520c",
            "/login",
            ("name", "ada"),
            ("password", "demo"),
            ("returnUrl", "/café?a=b%20c"));

        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        Assert.Equal("/caf%C3%A9?a=b%20c", answer.Header("Location"));
    }

    [Fact(DisplayName = "a return URL of another site is not followed")]
    public async Task OpenRedirect()
    {
        var answer = await SubmitAsync(
            _sample.NewBrowser(),
            "/login?ReturnUrl=https://evil.example/",
            "/login",
            ("name", "ada"),
            ("password", "demo"),
            ("returnUrl", "https://evil.example/"));
        Assert.Equal("/account", answer.Header("Location"));
    }

    [Fact(DisplayName = "promise 22: the admin area keeps its own session beside the shop's")]
    public async Task Admin()
    {
        var browser = _sample.NewBrowser();
        await browser.GetAsync("/");
        await SubmitAsync(browser, "/admin", "/admin?handler=Enter");
        await SubmitAsync(browser, "/admin", "/admin?handler=Write", ("note", "count the tea"));
        Assert.Contains("<li>count the tea</li>", (await browser.GetAsync("/admin")).Body, StringComparison.Ordinal);
        await SubmitAsync(browser, "/admin", "/admin?handler=Leave");
        Assert.Contains("Nobody is in the admin area", (await browser.GetAsync("/admin")).Body, StringComparison.Ordinal);
        Assert.Contains("2 times", (await browser.GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "a form without its antiforgery token is refused")]
    public async Task Forged() =>
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await _sample.NewBrowser().PostAsync("/cart?handler=Add", ("sku", "tea"))).Status);

    /// <summary>Posts a form of a page, with the page's antiforgery token.</summary>
    private static async Task<Answer> SubmitAsync(
        Browser browser,
        string page,
        string action,
        params (string Name, string Value)[] fields)
    {
        var token = Token().Match((await browser.GetAsync(page)).Body);
        return await browser.PostAsync(action, [("__RequestVerificationToken", token.Groups[1].Value), .. fields]);
    }

    [GeneratedRegex("""name="__RequestVerificationToken" type="hidden" value="([^"]+)""")]
    private static partial Regex Token();
}
