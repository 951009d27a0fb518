using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;

namespace CSharp.Tests;

/// <summary>An application whose requests run what the test hands in, on a store that can be held.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private const string StepHeader = "X-Step";

    private readonly ConcurrentDictionary<string, RequestDelegate> _steps;

    private Stage(App app, HeldDriver store, ConcurrentDictionary<string, RequestDelegate> steps)
    {
        App = app;
        Store = store;
        _steps = steps;
    }

    public App App { get; }

    public HeldDriver Store { get; }

    public static async Task<Stage> StartAsync(Action<IApplicationBuilder>? use = null)
    {
        var steps = new ConcurrentDictionary<string, RequestDelegate>();
        HeldDriver? store = null;

        var app = await App.StartAsync(
            app =>
            {
                use?.Invoke(app);
                app.Run(ctx => steps[ctx.Request.Headers[StepHeader]!](ctx));
            },
            sessions => sessions
                .AddDriver("held", services => store = new HeldDriver(new DictionaryDriver(services.GetRequiredService<TimeProvider>())))
                .AddSession("web", web => web.Driver = "held"));

        return new Stage(app, store!, steps);
    }

    public Browser NewBrowser() => App.NewBrowser();

    /// <summary>A request that runs this; what it raises is raised here.</summary>
    public async Task<Answer> RequestAsync(Browser browser, Func<HttpContext, Task> step)
    {
        var name = Guid.NewGuid().ToString();
        ExceptionDispatchInfo? raised = null;

        _steps[name] = async ctx =>
        {
            try
            {
                await step(ctx);
            }
            catch (Exception e)
            {
                raised = ExceptionDispatchInfo.Capture(e);
            }
        };

        var request = new HttpRequestMessage(HttpMethod.Post, App.Address);
        request.Headers.Add(StepHeader, name);

        try
        {
            return await browser.SendAsync(request);
        }
        finally
        {
            raised?.Throw();
        }
    }

    /// <summary>A browser with a session that holds one visit, of this owner.</summary>
    public async Task<Browser> EstablishedAsync(string? owner = "ada")
    {
        var browser = NewBrowser();

        await RequestAsync(browser, ctx => ctx.UpdateRunaSessionAsync("web", session =>
        {
            session.Set(Keys.Visits, 1);

            if (owner is not null)
            {
                session.SignIn(owner);
            }
        }));

        return browser;
    }

    /// <summary>How many visits the store holds for this browser.</summary>
    public async Task<int> VisitsAsync(Browser browser)
    {
        var visits = -1;
        await RequestAsync(browser, async ctx => visits = (await ctx.LoadRunaSessionAsync()).Get(Keys.Visits));
        return visits;
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
