using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Each mistake gets an error that says what to do.</summary>
public class MisuseTests
{
    [Fact(DisplayName = "a session that is not loaded says how to load it")]
    public async Task NotLoaded()
    {
        await AssertRaises(
            ctx => ctx.GetRunaSession("web"),
            "The session \"web\" is not loaded in this request: put app.UseRunaSession(\"web\") before this endpoint, add .WithRunaSession(\"web\") to it, or use ctx.UpdateRunaSessionAsync or ctx.LoadRunaSessionAsync.");
    }

    [Fact(DisplayName = "promise 23: an unknown name names the known ones")]
    public async Task UnknownName()
    {
        await AssertRaises(
            ctx => ctx.GetRunaSession("wbe"),
            "There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web.");
    }

    [Fact(DisplayName = "a session that is only loaded is not changed")]
    public async Task LoadedOnly()
    {
        await AssertRaises(
            async ctx => (await ctx.LoadRunaSessionAsync()).Set(Keys.Visits, 1),
            "The session \"web\" cannot be changed here, because nothing would commit it: put app.UseRunaSession(\"web\") before this endpoint, or use ctx.UpdateRunaSessionAsync.");
    }

    [Fact(DisplayName = "a session of an attempt is not used after its step")]
    public async Task AttemptHasEnded()
    {
        await AssertRaises(
            async ctx =>
            {
                RunaSession? kept = null;
                await ctx.UpdateRunaSessionAsync("web", session => { kept = session; });
                kept!.Set(Keys.Visits, 1);
            },
            "This session belongs to an attempt of UpdateRunaSessionAsync that has ended: use it only inside its step.");
    }

    [Fact(DisplayName = "a step does not commit, and does not load again")]
    public async Task NoCommitInAStep()
    {
        await AssertRaises(
            ctx => ctx.UpdateRunaSessionAsync("web", session => { session.CommitAsync().GetAwaiter().GetResult(); }),
            "A step of UpdateRunaSessionAsync is committed when it has ended: do not call CommitAsync inside it.");
        await AssertRaises(
            ctx => ctx.UpdateRunaSessionAsync("web", session => { session.ReloadAsync().GetAwaiter().GetResult(); }),
            "A step of UpdateRunaSessionAsync is given the newest session, which cannot be loaded again.");
    }

    [Fact(DisplayName = "a step that gives back a ValueTask is refused when it is called")]
    public async Task ValueTaskStep()
    {
        await AssertRaises(
            ctx => ctx.UpdateRunaSessionAsync("web", ValueTask<int> (session) => ValueTask.FromResult(1)),
            "The step must be pure and must not be async: it runs again if another request saved first. Await before it, or change the session behind UseRunaSession. (Parameter 'step')");
    }

    [Theory(DisplayName = "a step, or a function given to Update, may change only what it is given; any other change is refused")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ChangedElsewhere(bool inStep)
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapPost("/", async (HttpContext ctx, RunaSession session) =>
            {
                if (inStep)
                {
                    await ctx.UpdateRunaSessionAsync("web", attempt => session.Set(Keys.Visits, 1));
                }
                else
                {
                    session.Update(Keys.Visits, 0, n =>
                    {
                        session.Set(Keys.Name, "Ada");
                        return n + 1;
                    });
                }
            });
        });

        var e = await Assert.ThrowsAsync<InvalidOperationException>(() => app.NewBrowser().PostAsync("/"));
        Assert.StartsWith("The session \"web\" was changed inside a step, or inside a function given to Update.", e.Message, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "a type that would lose something names key, type and what to do")]
    public async Task UnsupportedType()
    {
        await using var app = await StartAsync(ctx =>
            ctx.UpdateRunaSessionAsync("web", session => session.Set<Stream>("stream", new MemoryStream())));
        Assert.StartsWith("NotSupportedException: Key \"stream\": ", (await app.NewBrowser().GetAsync("/")).Body, StringComparison.Ordinal);
    }

    [Fact(DisplayName = "without AddRunaSession the pipeline says to call it, when it is built")]
    public void NotConfigured()
    {
        var e = Assert.Throws<InvalidOperationException>(() => App.Build(app => app.UseRunaSession(), sessions: null));
        Assert.Equal("Sessions are not configured: call builder.Services.AddRunaSession(…).", e.Message);
    }

    [Fact(DisplayName = "promise 23: an unknown name in the pipeline raises when the pipeline is built")]
    public void UnknownNameInThePipeline()
    {
        var e = Assert.Throws<InvalidOperationException>(() => App.Build(app => app.UseRunaSession("wbe"), _ => { }));
        Assert.Equal("There is no session \"wbe\". Did you mean \"web\"? Known: admin, api, web.", e.Message);
    }

    [Fact(DisplayName = "after the response has started a change that needs a cookie raises where it is made")]
    public async Task AfterTheStart()
    {
        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapGet("/", async (HttpContext ctx) =>
            {
                Assert.Equal(SessionStatus.New, ctx.GetRunaSession().Status);
                await ctx.Response.WriteAsync("begun: ");
                await ctx.Response.WriteAsync(Message(() => ctx.GetRunaSession().Set(Keys.Visits, 1)));
            });
        });

        Assert.Equal(
            "begun: The session \"web\" cannot be saved: this change must set or expire its cookie, but the response has started. Change the session before the first write. Nothing was saved.",
            (await app.NewBrowser().GetAsync("/")).Body);
    }

    private static string Message(Action action)
    {
        try
        {
            action();
            return "nothing was raised";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }

    private static Task AssertRaises(Action<HttpContext> endpoint, string message) =>
        AssertRaises(
            ctx =>
            {
                endpoint(ctx);
                return Task.CompletedTask;
            },
            message);

    private static async Task AssertRaises(Func<HttpContext, Task> endpoint, string message)
    {
        await using var app = await StartAsync(endpoint);
        Assert.EndsWith(message, (await app.NewBrowser().GetAsync("/")).Body, StringComparison.Ordinal);
    }

    private static Task<App> StartAsync(Func<HttpContext, Task> endpoint) =>
        App.StartAsync(app => app.MapGet("/", async (HttpContext ctx) =>
        {
            try
            {
                await endpoint(ctx);
                return "nothing was raised";
            }
            catch (Exception e)
            {
                return $"{e.GetType().Name}: {e.Message}";
            }
        }));
}
