using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>The store saved a change, and the answer was lost (promise 12: none is applied twice).</summary>
public class UnknownOutcomeTests
{
    [Fact(DisplayName = "promise 12: an update that may have been saved is not tried again at the end of the request")]
    public async Task Update()
    {
        var (app, faults) = await StartAsync(session => session.Update(Keys.Visits, 0, n => n + 1));
        await using var _ = app;
        var browser = app.NewBrowser();
        Assert.Equal("saved", (await browser.PostAsync("/")).Body);
        faults.LosesAnAnswer = true;
        var answer = await browser.PostAsync("/");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Equal("sorry", answer.Body);
        Assert.Equal("""{"visits":2}""", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 12: a flash that may have been saved is not queued again at the end of the request")]
    public async Task Flash()
    {
        var (app, faults) = await StartAsync(session => session.Flash(Keys.Notice, "hello"));
        await using var _ = app;
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        faults.LosesAnAnswer = true;
        Assert.Equal(HttpStatusCode.InternalServerError, (await browser.PostAsync("/")).Status);
        Assert.Equal("hello, hello", (await browser.GetAsync("/flashes")).Body);
    }

    [Fact(DisplayName = "a value that may have been saved is set again at the end of the request")]
    public async Task Set()
    {
        var (app, faults) = await StartAsync(session => session.Set(Keys.Visits, session.Get(Keys.Visits) + 1));
        await using var _ = app;
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        faults.LosesAnAnswer = true;
        Assert.Equal("not saved", (await browser.PostAsync("/")).Body);
        Assert.Equal("""{"visits":2}""", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "promise 12: a step on top of what may have been saved does not save it again")]
    public async Task Step()
    {
        var (app, faults) = await StartAsync(session => session.Update(Keys.Visits, 0, n => n + 1), stepsAfterwards: true);
        await using var _ = app;
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        faults.LosesAnAnswer = true;
        Assert.Equal("sorry", (await browser.PostAsync("/")).Body);
        Assert.Equal("""{"name":"Ada","visits":2}""", (await browser.GetAsync("/")).Body);
    }

    private static async Task<(App App, StoreFaults Faults)> StartAsync(Action<RunaSession> change, bool stepsAfterwards = false)
    {
        var faults = new StoreFaults();

        var app = await App.StartAsync(
            app =>
            {
                app.UseExceptionHandler(page => page.Run(ctx => ctx.Response.WriteAsync("sorry")));
                app.UseRunaSession();
                app.MapGet("/", (RunaSession session) => session.ToJson());
                app.MapGet("/flashes", (RunaSession session) => string.Join(", ", session.TakeFlashes(Keys.Notice)));
                app.MapPost("/", async (HttpContext ctx, RunaSession session) =>
                {
                    change(session);
                    var answer = "saved";

                    try
                    {
                        await session.CommitAsync();
                    }
                    catch (SessionStoreException e) when (e.MayHaveBeenSaved)
                    {
                        answer = "not saved";
                    }

                    if (stepsAfterwards)
                    {
                        await ctx.UpdateRunaSessionAsync("web", attempt => attempt.Set(Keys.Name, "Ada"));
                    }

                    return answer;
                });
            },
            sessions => sessions
                .AddDriver("faulty", services => faults.Driver(services.GetRequiredService<TimeProvider>()))
                .AddSession("web", o => o.Driver = "faulty"));

        return (app, faults);
    }
}
