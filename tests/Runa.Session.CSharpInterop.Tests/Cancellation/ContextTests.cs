using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Cancellation;

/// <summary>A caller with a context of one thread, as a Blazor circuit has, that blocks on what it calls.</summary>
public class ContextTests
{
    public static TheoryData<string> Calls => ["load", "update", "commit", "reload", "list", "others", "ISession load", "ISession commit"];

    [Theory(DisplayName = "a caller that blocks in its synchronization context does not wait for itself"), MemberData(nameof(Calls))]
    public async Task Blocks(string call)
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaAspNetSession();
                app.MapPost("/", async (HttpContext ctx) =>
                {
                    var ended = await Task.Run(() => BlockIn(new Stuck(), () => Call(ctx, call)));
                    await ctx.Response.WriteAsync(ended);
                });
            },
            sessions => sessions
                .AddDriver("later", services => new LaterDriver(new DictionaryDriver(services.GetRequiredService<TimeProvider>())))
                .AddSession("web", web => web.Driver = "later"));

        var browser = app.NewBrowser();
        Assert.Equal("ended", (await browser.PostAsync("/")).Body);
        Assert.Equal("ended", (await browser.PostAsync("/")).Body);
    }

    private static string BlockIn(SynchronizationContext context, Func<Task> call)
    {
        SynchronizationContext.SetSynchronizationContext(context);

        try
        {
            var ended = call().Wait(TimeSpan.FromSeconds(10));
            Assert.Same(context, SynchronizationContext.Current);
            return ended ? "ended" : "stuck";
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private static Task Call(HttpContext ctx, string call)
    {
        var session = ctx.GetRunaSession();

        switch (call)
        {
            case "load":
                return new DefaultHttpContext { RequestServices = ctx.RequestServices, Request = { Headers = { Cookie = ctx.Request.Headers.Cookie } } }
                    .LoadRunaSessionAsync();
            case "update":
                return ctx.UpdateRunaSessionAsync("web", attempt => attempt.Update(Keys.Visits, 0, n => n + 1));
            case "commit":
                session.Update(Keys.Visits, 0, n => n + 1);
                return session.CommitAsync();
            case "reload":
                return session.ReloadAsync();
            case "ISession load":
                return ctx.Session.LoadAsync();
            case "ISession commit":
                ctx.Session.SetInt32("n", 1);
                return ctx.Session.CommitAsync();
            case "others":
                return ctx.RequestServices.GetRequiredService<RunaSessions>().RevokeOthersAsync(session);
            default:
                return Assert.ThrowsAsync<NotSupportedException>(
                    () => ctx.RequestServices.GetRequiredService<RunaSessions>().ListAsync("web", "ada"));
        }
    }

    /// <summary>The one thread is the caller's: what is posted never runs.</summary>
    private sealed class Stuck : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
