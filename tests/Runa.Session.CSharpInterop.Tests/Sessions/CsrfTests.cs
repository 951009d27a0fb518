using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>What keeps out requests that pages of other sites send.</summary>
public class CsrfTests
{
    [Fact(DisplayName = "a form with the session's token is let through, and no other")]
    public async Task Tokens()
    {
        await using var app = await StartAsync();
        var (ann, eve) = (app.NewBrowser(), app.NewBrowser());
        var token = (await ann.GetAsync("/form")).Body;
        var other = (await eve.GetAsync("/form")).Body;
        Assert.Equal(86, token.Length);
        Assert.Equal("True", (await ann.PostAsync("/order", ("csrf_token", token))).Body);
        Assert.Equal("False", (await ann.PostAsync("/order", ("csrf_token", other))).Body);
        Assert.Equal("False", (await ann.PostAsync("/order")).Body);
        Assert.Equal("False", (await app.NewBrowser().PostAsync("/order", ("csrf_token", token))).Body);
    }

    [Fact(DisplayName = "promise 4: a sign-in makes earlier tokens invalid")]
    public async Task SignIn()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        var early = (await browser.GetAsync("/form")).Body;
        await browser.PostAsync("/in");
        var late = (await browser.GetAsync("/form")).Body;
        Assert.Equal("False", (await browser.PostAsync("/order", ("csrf_token", early))).Body);
        Assert.Equal("True", (await browser.PostAsync("/order", ("csrf_token", late))).Body);
    }

    [Fact(DisplayName = "a token can be had again after the response has started, and changes nothing then")]
    public async Task Late()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        await browser.GetAsync("/form");
        var page = await browser.GetAsync("/streamed");
        Assert.StartsWith("<form>", page.Body);
        Assert.Equal("True", (await browser.PostAsync("/order", ("csrf_token", page.Body["<form>".Length..]))).Body);
    }

    private static Task<App> StartAsync() =>
        App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapGet("/form", (RunaSession session) => session.GetCsrfToken());
            app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
            app.MapPost("/order", async (HttpRequest request, RunaSession session) =>
                session.IsCsrfTokenValid(
                    request.HasFormContentType ? (await request.ReadFormAsync())["csrf_token"].ToString() : null).ToString());
            app.MapGet("/streamed", async (HttpContext ctx, RunaSession session) =>
            {
                session.GetCsrfToken();
                await ctx.Response.WriteAsync("<form>");
                await ctx.Response.WriteAsync(session.GetCsrfToken());
            });
        });
}
