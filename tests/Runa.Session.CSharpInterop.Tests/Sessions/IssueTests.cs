using System.Diagnostics.Metrics;
using CSharp.Tests.Drivers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Sessions that an administrator lists page by page, and that are made outside a request.</summary>
public class IssueTests
{
    [Fact(DisplayName = "an issued session is the session of whoever sends its header, and is listed under its handle")]
    public async Task Issued()
    {
        await using var app = await StartAsync();
        var token = TestContext.Current.CancellationToken;
        var issued = await app.Sessions.IssueAsync("web", session => session.SignIn("ann"), token);
        var browser = app.NewBrowser();
        var pair = issued.CookieHeader.Split('=', 2);
        browser.Cookies[pair[0]] = pair[1];
        Assert.Equal("ann", (await browser.GetAsync("/owner")).Body);
        Assert.StartsWith(issued.CookieHeader, Assert.Single(issued.SetCookies), StringComparison.Ordinal);
        var page = await app.Sessions.ListPageAsync("web", "ann", cancellationToken: token);
        Assert.Equal(issued.Handle, Assert.Single(page.Items).Handle);
        Assert.Null(page.Next);
        Assert.Equal("IssuedSession", issued.ToString());
        Assert.Equal("OwnedSessionPage (1 sessions)", page.ToString());
    }

    [Fact(DisplayName = "the pages have every session once")]
    public async Task Pages()
    {
        await using var app = await StartAsync();
        var token = TestContext.Current.CancellationToken;

        for (var n = 0; n < 230; n++)
        {
            await app.Sessions.IssueAsync("web", session => session.SignIn("ann"), token);
        }

        var handles = new HashSet<string>();
        string? next = null;

        do
        {
            var page = await app.Sessions.ListPageAsync("web", "ann", next, token);
            Assert.All(page.Items, item => Assert.True(handles.Add(item.Handle)));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(230, handles.Count);
    }

    [Fact(DisplayName = "promise 27: a next that no page ended with is the caller's mistake, and no failure of the store")]
    public async Task WrongPage()
    {
        var token = TestContext.Current.CancellationToken;

        foreach (var driver in new ISessionDriver?[] { null, new DictionaryDriver(TimeProvider.System) })
        {
            await using var app = await StartAsync(driver);
            var factory = app.Services.GetRequiredService<IMeterFactory>();
            var failures = 0L;
            using var listener = new MeterListener();

            listener.InstrumentPublished = (instrument, listening) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Name == "runa.session.store_failures")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            };

            listener.SetMeasurementEventCallback<long>((_, value, _, _) => failures += value);
            listener.Start();
            var e = await Assert.ThrowsAsync<ArgumentException>(() => app.Sessions.ListPageAsync("web", "ann", "not a place", token));
            Assert.Equal("next", e.ParamName);
            Assert.Contains("Pass the Next of the page before", e.Message, StringComparison.Ordinal);
            Assert.Equal(0, failures);
        }
    }

    [Fact(DisplayName = "a step that leaves the session empty is told so")]
    public async Task Empty()
    {
        await using var app = await StartAsync();
        var e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => app.Sessions.IssueAsync("web", _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("No session \"web\" was issued", e.Message, StringComparison.Ordinal);
    }

    private static Task<App> StartAsync(ISessionDriver? driver = null) =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapGet("/owner", (RunaSession session) => session.Owner ?? "nobody");
            },
            sessions =>
            {
                if (driver is not null)
                {
                    sessions.AddDriver("own", driver).AddSession("web", options => options.Driver = "own");
                }
            });
}
