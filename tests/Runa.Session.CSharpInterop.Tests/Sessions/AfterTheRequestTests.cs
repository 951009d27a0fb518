using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Kestrel uses one HttpContext for all requests of a connection, one after another.</summary>
public class AfterTheRequestTests
{
    [Fact(DisplayName = "a session that is kept beyond its request never shows another visitor's")]
    public async Task Kept()
    {
        RunaSession? kept = null;
        HttpContext? first = null;
        string? seen = null;
        string? raised = null;

        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/keep", (HttpContext ctx, RunaSession session) =>
                {
                    session.Set(Keys.Name, "Ada");
                    (kept, first) = (session, ctx);
                });
                app.MapPost("/name", (RunaSession session) => session.Set(Keys.Name, "Grace"));
                app.MapPost("/look", async (HttpContext ctx, RunaSession session) =>
                {
                    Assert.Same(first, ctx); // otherwise this shows nothing
                    Assert.Equal("Grace", session.Get(Keys.Name));
                    await kept!.ReloadAsync();
                    seen = kept.Get(Keys.Name);
                    raised = Assert.Throws<InvalidOperationException>(() => kept.Set(Keys.Name, "Eve")).Message;
                });
            },
            onKestrel: true);

        var (ada, grace) = (app.NewBrowser(), app.NewBrowser());
        await grace.PostAsync("/name");
        await ada.PostAsync("/keep");
        await ada.PostAsync("/keep");
        var answer = await grace.PostAsync("/look");
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal("Ada", seen);
        Assert.Contains("nothing would commit it", raised, StringComparison.Ordinal);
    }
}
