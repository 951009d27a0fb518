using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>The header Clear-Site-Data of responses that end a session.</summary>
public class ClearSiteDataTests
{
    [Theory(DisplayName = "a sign-out says what the browser deletes, over https")]
    [InlineData("/out", "https", "\"cookies\", \"storage\"")]
    [InlineData("/destroy", "https", "\"cookies\", \"storage\"")]
    [InlineData("/out", "http", "")]
    [InlineData("/clear", "https", "")]
    [InlineData("/again", "https", "")]
    public async Task SignOut(string path, string scheme, string expected)
    {
        await using var app = await StartAsync(sessions =>
            sessions.AddSession("web", o => o.ClearSiteData = [SiteData.Cookies, SiteData.Storage]));
        Assert.Equal(expected, await HeaderAsync(app, path, scheme));
    }

    [Fact(DisplayName = "the list can come from configuration, and is off by default")]
    public async Task Configured()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["session:sessions:web:clear_site_data:0"] = "storage",
                ["session:sessions:web:clear_site_data:1"] = "*",
            })
            .Build();

        await using var app = await StartAsync(null, services => services.AddRunaSession(configuration));
        Assert.Equal("\"storage\", \"*\"", await HeaderAsync(app, "/out", "https"));
        await using var plain = await StartAsync(_ => { });
        Assert.Equal("", await HeaderAsync(plain, "/out", "https"));
    }

    private static async Task<string> HeaderAsync(App app, string path, string scheme)
    {
        var browser = app.NewBrowser();
        Assert.Equal("", (await browser.PostAsync($"/in?scheme={scheme}")).Header("Clear-Site-Data"));
        return (await browser.PostAsync($"{path}?scheme={scheme}")).Header("Clear-Site-Data");
    }

    private static Task<App> StartAsync(Action<RunaSessionBuilder>? sessions, Action<IServiceCollection>? services = null) =>
        App.StartAsync(
            app =>
            {
                // As behind a proxy that ends TLS.
                app.Use((context, next) =>
                {
                    context.Request.Scheme = context.Request.Query["scheme"].ToString();
                    return next(context);
                });
                app.UseRunaSession();
                app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
                app.MapPost("/out", (RunaSession session) => session.SignOut());
                app.MapPost("/destroy", (RunaSession session) => session.Destroy());
                app.MapPost("/clear", (RunaSession session) => session.Clear());
                app.MapPost("/again", (RunaSession session) =>
                {
                    session.SignOut();
                    session.SignIn("bob");
                });
            },
            sessions,
            services,
            onKestrel: true);
}
