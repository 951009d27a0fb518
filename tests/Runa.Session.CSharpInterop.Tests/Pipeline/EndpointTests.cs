using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CSharp.Tests.Pipeline;

public class EndpointTests
{
    [Fact(DisplayName = "WithRunaSession provides the session to its endpoints only")]
    public async Task OnlyThoseEndpoints()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.MapGet("/with", (RunaSession session) => $"{session.Update(Keys.Visits, 0, n => n + 1)}").WithRunaSession("web");
            app.MapGet("/without", () => "plain");
        });

        var browser = app.NewBrowser();
        Assert.Equal("1", (await browser.GetAsync("/with")).Body);
        Assert.Equal("2", (await browser.GetAsync("/with")).Body);
        Assert.Equal("", (await browser.GetAsync("/without")).Header("Vary"));
    }

    [Fact(DisplayName = "WithRunaSession holds for a group, and for endpoints that are request delegates")]
    public async Task Groups()
    {
        await using var app = await App.StartAsync(app =>
        {
            var group = app.MapGroup("/shop").WithRunaSession("web", "admin");
            group.MapGet("/a", (RunaSession web, [FromRunaSession("admin")] RunaSession admin) => $"{web.Name} {admin.Name}");
            group.MapGet("/b", ctx => ctx.Response.WriteAsync(ctx.GetRunaSession("admin").Name));
        });

        var browser = app.NewBrowser();
        Assert.Equal("web admin", (await browser.GetAsync("/shop/a")).Body);
        Assert.Equal("admin", (await browser.GetAsync("/shop/b")).Body);
    }

    [Fact(DisplayName = "an endpoint says in its metadata which sessions it has")]
    public async Task Metadata()
    {
        await using var app = await App.StartAsync(
            app => app.MapGet("/", () => "").WithRunaSession("admin"));
        var endpoint = Assert.Single(app.Services.GetRequiredService<EndpointDataSource>().Endpoints);
        Assert.Equal(["admin"], endpoint.Metadata.GetRequiredMetadata<IRunaSessionMetadata>().Names);
    }

    [Fact(DisplayName = "promise 23: an endpoint with an unknown session name raises before it answers")]
    public async Task UnknownName()
    {
        await using var app = await App.StartAsync(app => app.MapGet("/", () => "").WithRunaSession("wbe"));
        var e = Assert.Throws<InvalidOperationException>(
            () => app.Services.GetRequiredService<EndpointDataSource>().Endpoints);
        Assert.Equal("There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web.", e.Message);
    }

    [Fact(DisplayName = "a parameter whose session is not loaded is an error that says how to load it")]
    public async Task NotLoaded()
    {
        await using var app = await App.StartAsync(app => app.MapGet("/", (RunaSession session) => session.Name));
        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => app.NewBrowser().GetAsync("/"));
        Assert.Contains("put app.UseRunaSession(\"web\") before this endpoint", e.Message, StringComparison.Ordinal);
    }
}
