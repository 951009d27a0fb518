using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Runa.Session.Tests.Sessions;

public class CounterTests
{
    private static readonly SessionKey<int> Visits = new("visits");

    [Fact(DisplayName = "promise 13: what one request sets behind UseRunaSession the next one gets")]
    public async Task ReadYourWrites()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession("web");
            app.MapGet("/", (HttpContext ctx) =>
            {
                var session = ctx.GetRunaSession("web");
                session.Set(Visits, session.Get(Visits) + 1);
                return session.Get(Visits).ToString();
            });
        });

        var browser = app.NewBrowser();
        Assert.Equal("1", (await browser.GetAsync("/")).Body);
        Assert.Equal("2", (await browser.GetAsync("/")).Body);
    }
}
