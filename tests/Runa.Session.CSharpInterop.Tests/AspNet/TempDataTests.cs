using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>TempData in the session, in an MVC application and in Razor Pages on Kestrel: as with the framework's session.</summary>
public class TempDataTests
{
    public static TheoryData<Of> Both => Site.Both;

    [Theory(DisplayName = "TempData crosses a redirect and is read once"), MemberData(nameof(Both))]
    public async Task ReadOnce(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var browser = app.NewBrowser();
        var saved = await browser.PostAsync("/tempdata/save", ("text", "Saved ünïcödé"));
        Assert.Equal((HttpStatusCode.Redirect, "/tempdata/show"), (saved.Status, saved.Header("location").ToLowerInvariant()));
        Assert.Equal("Saved ünïcödé", (await browser.GetAsync("/tempdata/show")).Body);
        Assert.Equal("nothing", (await browser.GetAsync("/tempdata/show")).Body);
    }

    [Theory(DisplayName = "TempData stays if nobody reads it, or if it is peeked at or kept"), MemberData(nameof(Both))]
    public async Task Stays(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var browser = app.NewBrowser();
        await browser.PostAsync("/tempdata/save", ("text", "Saved"));
        Assert.Equal("fine", (await browser.GetAsync("/tempdata/untouched")).Body);
        Assert.Equal(HttpStatusCode.NoContent, (await browser.GetAsync("/tempdata/gone")).Status);
        Assert.Equal("Saved", (await browser.GetAsync("/tempdata/peek")).Body);
        Assert.Equal("Saved", (await browser.GetAsync("/tempdata/keep")).Body);
        Assert.Equal("Saved", (await browser.GetAsync("/tempdata/show")).Body);
        Assert.Equal("nothing", (await browser.GetAsync("/tempdata/peek")).Body);
    }

    [Theory(DisplayName = "a visitor whose page reads TempData that is not there gets no cookie"), MemberData(nameof(Both))]
    public async Task NoCookie(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var answer = await app.NewBrowser().GetAsync("/tempdata/show");
        Assert.Equal("nothing", answer.Body);
        Assert.Empty(answer.SetCookies);
    }

    [Theory(DisplayName = "TempData of an action that fails is not saved"), MemberData(nameof(Both))]
    public async Task Failing(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var browser = app.NewBrowser();
        var answer = await browser.GetAsync("/tempdata/saveandfail");
        Assert.Equal((HttpStatusCode.InternalServerError, "Sorry"), (answer.Status, answer.Body));
        Assert.Equal("nothing", (await browser.GetAsync("/tempdata/show")).Body);
    }

    [Theory(DisplayName = "TempData of a Razor Page crosses a redirect and is read once"), MemberData(nameof(Both))]
    public async Task RazorPage(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var browser = app.NewBrowser();
        Assert.Contains("<p></p>", (await browser.GetAsync("/notice")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync("/notice", ("text", "Hello"))).Status);
        Assert.Contains("<p>Hello</p>", (await browser.GetAsync("/notice")).Body, StringComparison.Ordinal);
        Assert.Contains("<p></p>", (await browser.GetAsync("/notice")).Body, StringComparison.Ordinal);
    }

    [Theory(DisplayName = "promise 21: antiforgery keeps its cookie beside the session's, and TempData works behind it"), MemberData(nameof(Both))]
    public async Task Antiforgery(Of of)
    {
        await using var app = await StartAsync(of, new StoreFaults());
        var browser = app.NewBrowser();
        var form = await browser.GetAsync("/tempdata/form");
        Assert.Equal(2, form.SetCookies.Count);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.PostAsync("/tempdata/submit", ("text", "sent"))).Status);

        var sent = await browser.PostAsync("/tempdata/submit", ("text", "sent"), ("__RequestVerificationToken", form.Body));
        Assert.Equal(HttpStatusCode.Redirect, sent.Status);
        Assert.Equal("shown, sent", (await browser.GetAsync("/tempdata/show")).Body);
    }

    [Fact(DisplayName = "promise 14: TempData that cannot be saved is an error, not a redirect to a page without it")]
    public async Task NotSaved()
    {
        var store = new StoreFaults();
        await using var app = await StartAsync(Of.Runa, store);
        var browser = app.NewBrowser();
        store.WritesFail = true;
        var answer = await browser.PostAsync("/tempdata/save", ("text", "Saved"));
        Assert.Equal((HttpStatusCode.InternalServerError, "Sorry"), (answer.Status, answer.Body));
        Assert.Empty(answer.SetCookies);
    }

    [Fact(DisplayName = "promise 14: if TempData that was read cannot be removed, that is an error, and it is there the next time")]
    public async Task NotTaken()
    {
        var store = new StoreFaults();
        await using var app = await StartAsync(Of.Runa, store);
        var browser = app.NewBrowser();
        await browser.PostAsync("/tempdata/save", ("text", "Saved"));
        store.WritesFail = true;
        var answer = await browser.GetAsync("/tempdata/show");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.DoesNotContain("Saved", answer.Body, StringComparison.Ordinal);
        store.WritesFail = false;
        Assert.Equal("Saved", (await browser.GetAsync("/tempdata/show")).Body);
    }

    [Fact(DisplayName = "with IgnoreCommitFailures TempData is lost as with the framework's session, and logged")]
    public async Task Ignored()
    {
        var store = new StoreFaults();
        await using var app = await StartAsync(Of.Runa, store, ignore: true);
        var browser = app.NewBrowser();
        store.WritesFail = true;
        Assert.Equal(HttpStatusCode.Redirect, (await browser.PostAsync("/tempdata/save", ("text", "Saved"))).Status);
        Assert.Equal("nothing", (await browser.GetAsync("/tempdata/show")).Body);
        Assert.Single(app.Logs.All, line => line.Level == LogLevel.Error && line.Error is SessionStoreException);
    }

    private static Task<App> StartAsync(Of of, StoreFaults store, bool ignore = false)
    {
        void Map(WebApplication app)
        {
            app.UseExceptionHandler(ResponseTests.Sorry);
            _ = of == Of.Framework
                ? app.UseSession()
                : app.UseRunaAspNetSession("web", options => options.IgnoreCommitFailures = ignore);
            app.MapControllers();
            app.MapRazorPages();
        }

        return App.StartAsync(
            Map,
            sessions => sessions
                .AddDriver("faulty", services => store.Driver(services.GetRequiredService<TimeProvider>()))
                .AddSession("web", web => web.Driver = "faulty"),
            services =>
            {
                services.AddDistributedMemoryCache();
                services.AddSession();
                services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
                services.AddControllersWithViews().AddSessionStateTempDataProvider();
                services.AddRazorPages(options =>
                {
                    options.RootDirectory = "/AspNet/Pages";
                    options.Conventions.ConfigureFilter(new Microsoft.AspNetCore.Mvc.IgnoreAntiforgeryTokenAttribute());
                }).AddSessionStateTempDataProvider();
            },
            onKestrel: true);
    }
}
