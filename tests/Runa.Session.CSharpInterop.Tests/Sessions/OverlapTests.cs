using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>One request that starts several things at once, on a store that does not answer at once.</summary>
public class OverlapTests
{
    [Fact(DisplayName = "promise 12: two commits at once apply an update once, and queue a flash once")]
    public async Task TwoCommits()
    {
        await using var app = await StartAsync(async (ctx, session) =>
        {
            session.Update(Keys.Visits, 0, n => n + 1);
            session.Flash(Keys.Notice, "hello");
            await Task.WhenAll(session.CommitAsync(), session.CommitAsync());
        });

        Assert.Equal("""{"visits":1} hello""", await TwiceThenReadAsync(app, times: 1));
        Assert.Equal("""{"visits":2} hello, hello""", await TwiceThenReadAsync(app, times: 2));
    }

    [Fact(DisplayName = "promise 12: a commit that nobody awaits is not done again at the end of the request")]
    public async Task ForgottenAwait()
    {
        await using var app = await StartAsync((ctx, session) =>
        {
            session.Update(Keys.Visits, 0, n => n + 1);
            _ = session.CommitAsync();
            return Task.CompletedTask;
        });

        Assert.Equal("""{"visits":2} """, await TwiceThenReadAsync(app, times: 2));
    }

    [Fact(DisplayName = "promise 12: a step and the first byte at once commit what was set before them once")]
    public async Task StepAndFirstByte()
    {
        await using var app = await StartAsync(async (ctx, session) =>
        {
            session.Update(Keys.Visits, 0, n => n + 1);
            await Task.WhenAll(
                ctx.UpdateRunaSessionAsync("web", attempt => attempt.Set(Keys.Name, "Ada")),
                ctx.Response.WriteAsync("hello"));
        });

        Assert.Equal("""{"name":"Ada","visits":2} """, await TwiceThenReadAsync(app, times: 2));
    }

    [Fact(DisplayName = "promise 13: what is set while a commit is under way is committed too")]
    public async Task SetDuringCommit()
    {
        await using var app = await StartAsync(async (ctx, session) =>
        {
            session.Set(Keys.Visits, 1);
            var committing = session.CommitAsync();
            session.Set(Keys.Name, "Ada");
            session.Update("count", 0, n => n + 1);
            await committing;
        });

        Assert.Equal("""{"count":2,"name":"Ada","visits":1} """, await TwiceThenReadAsync(app, times: 2));
    }

    [Fact(DisplayName = "promise 13: what is set while a sign-in is under way is committed under the new id")]
    public async Task SetDuringSignIn()
    {
        await using var app = await StartAsync(async (ctx, session) =>
        {
            var signingIn = ctx.UpdateRunaSessionAsync("web", attempt => attempt.SignIn("ada"));
            session.Set(Keys.Name, "Ada");
            await signingIn;
            Assert.Equal("ada", session.Owner);
        });

        Assert.Equal("""{"name":"Ada"} """, await TwiceThenReadAsync(app, times: 2));
    }

    [Fact(DisplayName = "promise 12: many steps of one request all count")]
    public async Task ManySteps()
    {
        await using var app = await StartAsync((ctx, _) =>
            Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
                ctx.UpdateRunaSessionAsync("web", attempt => attempt.Update(Keys.Visits, 0, n => n + 1)))));

        Assert.Equal("""{"visits":40} """, await TwiceThenReadAsync(app, times: 2));
    }

    /// <summary>Runs it by a new visitor, so often, and answers what the session holds then.</summary>
    private static async Task<string> TwiceThenReadAsync(App app, int times)
    {
        var browser = app.NewBrowser();

        for (var request = 0; request < times; request++)
        {
            Assert.Equal(200, (int)(await browser.PostAsync("/")).Status);
        }

        return (await browser.GetAsync("/")).Body;
    }

    private static Task<App> StartAsync(Func<HttpContext, RunaSession, Task> endpoint) =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/", endpoint);
                app.MapGet("/", (RunaSession session) =>
                {
                    var flashes = string.Join(", ", session.TakeFlashes(Keys.Notice));
                    return $"{session.ToJson()} {flashes}";
                });
            },
            sessions => sessions
                .AddDriver("later", services => new LaterDriver(new DictionaryDriver(services.GetRequiredService<TimeProvider>())))
                .AddSession("web", o => o.Driver = "later"));
}
