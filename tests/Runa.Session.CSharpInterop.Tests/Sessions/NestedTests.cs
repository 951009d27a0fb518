using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using CSharp.Tests.Drivers;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>
/// What one request asks of one session inside of another call for the same session: each pair answers the same always,
/// whatever other requests do meanwhile.
/// </summary>
public class NestedTests
{
    private const string Refused =
        "A step for the session \"web\" tried to change or commit the same session by another call, which would wait for the step itself. Change the session that the step is given, and do the rest after the step.";

    private static readonly SessionKey<int> Outer = new("outer");
    private static readonly SessionKey<int> Inner = new("inner");
    private static readonly SessionKey<int> Other = new("other");

    private static readonly Dictionary<string, Func<HttpContext, Task>> Asks = new()
    {
        ["UpdateRunaSessionAsync"] = ctx => ctx.UpdateRunaSessionAsync("web", Bump),
        ["UpdateRunaSessionAsync with a result"] = ctx => ctx.UpdateRunaSessionAsync("web", session => session.Update(Inner, 0, n => n + 1)),
        ["CommitAsync"] = ctx => ctx.GetRunaSession().CommitAsync(),
        ["ReloadAsync"] = ctx => ctx.GetRunaSession().ReloadAsync(),
        ["ISession.CommitAsync"] = ctx => ctx.Session.CommitAsync(),
        ["ISession.SetInt32"] = ctx =>
        {
            ctx.Session.SetInt32("inner", 1);
            return Task.CompletedTask;
        },
    };

    private static readonly Dictionary<string, Func<HttpContext, Task>> Reads = new()
    {
        ["LoadRunaSessionAsync"] = async ctx => (await ctx.LoadRunaSessionAsync()).Get(Inner),
        ["GetRunaSession"] = ctx => Task.FromResult(ctx.GetRunaSession().Get(Inner)),
        ["ISession.GetInt32"] = ctx => Task.FromResult(ctx.Session.GetInt32("inner")),
    };

    // Each runs something inside of what may run again.
    private static readonly Dictionary<string, Func<HttpContext, Action, Task>> Steps = new()
    {
        ["UpdateRunaSessionAsync"] = (ctx, inside) => ctx.UpdateRunaSessionAsync("web", session =>
        {
            inside();
            session.Update(Outer, 0, n => n + 1);
        }),
        ["UpdateRunaSessionAsync with a result"] = (ctx, inside) => ctx.UpdateRunaSessionAsync("web", session =>
        {
            inside();
            return session.Update(Outer, 0, n => n + 1);
        }),
        ["the function of Update"] = (ctx, inside) =>
        {
            ctx.GetRunaSession().Update(Outer, 0, n =>
            {
                inside();
                return n + 1;
            });
            return Task.CompletedTask;
        },
    };

    public static TheoryData<string, string, bool> AskPairs => Pairs(Asks);

    public static TheoryData<string, string, bool> ReadPairs => Pairs(Reads);

    public static TheoryData<string, string, bool> AfterPairs =>
        [.. from outer in Steps.Keys from inner in Asks.Keys.Concat(Reads.Keys) from late in new[] { false, true } select (outer, inner, late)];

    [Theory(DisplayName = "promise 12: inside a step that may run again, changing the same session raises at once"), MemberData(nameof(AskPairs))]
    public async Task InStep(string outer, string inner, bool isContended)
    {
        var (answer, stored) = await RunAsync(
            ctx => Steps[outer](ctx, () => Asks[inner](ctx).GetAwaiter().GetResult()),
            isContended);

        Assert.Equal(Refused, answer);
        Assert.Equal((0, 0), stored);
    }

    [Theory(DisplayName = "inside a step that may run again, reading the same session works"), MemberData(nameof(ReadPairs))]
    public async Task Read(string outer, string inner, bool isContended)
    {
        var (answer, stored) = await RunAsync(
            ctx => Steps[outer](ctx, () => Reads[inner](ctx).GetAwaiter().GetResult()),
            isContended);

        Assert.Equal("done", answer);
        Assert.Equal((1, 0), stored);
    }

    [Theory(DisplayName = "promise 12: after a step, everything works on what it committed"), MemberData(nameof(AfterPairs))]
    public async Task After(string outer, string inner, bool isContended)
    {
        var (answer, stored) = await RunAsync(
            async ctx =>
            {
                await Steps[outer](ctx, () => { });

                // ReloadAsync says by itself that it would lose a change that is not committed.
                await ctx.GetRunaSession().CommitAsync();
                await (Asks.GetValueOrDefault(inner) ?? Reads[inner])(ctx);
            },
            isContended);

        Assert.Equal("done", answer);
        Assert.Equal((1, inner.StartsWith("Update", StringComparison.Ordinal) ? 1 : 0), stored);
    }

    private static TheoryData<string, string, bool> Pairs(Dictionary<string, Func<HttpContext, Task>> inners) =>
        [.. from outer in Steps.Keys from inner in inners.Keys from contended in new[] { false, true } select (outer, inner, contended)];

    private static void Bump(RunaSession session) => session.Update(Inner, 0, n => n + 1);

    /// <summary>What the request answers, and what is stored then. Contended: another request commits during it.</summary>
    private static async Task<(string Answer, (int Outer, int Inner) Stored)> RunAsync(
        Func<HttpContext, Task> endpoint,
        bool isContended)
    {
        Browser? browser = null;

        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaAspNetSession("web");
                app.MapPost("/other", (RunaSession session) => session.Update(Other, 0, n => n + 1));
                app.MapGet("/", (RunaSession session) => $"{session.Get(Outer)} {session.Get(Inner)}");
                app.MapPost("/", async (HttpContext ctx) =>
                {
                    if (isContended)
                    {
                        await browser!.Copy().PostAsync("/other");
                    }

                    try
                    {
                        await endpoint(ctx);
                        return "done";
                    }
                    catch (InvalidOperationException e)
                    {
                        return e.Message;
                    }
                });
            },
            sessions => sessions
                .AddDriver("later", services => new LaterDriver(new DictionaryDriver(services.GetRequiredService<TimeProvider>())))
                .AddSession("web", o => o.Driver = isContended ? "later" : "memory"));

        browser = app.NewBrowser();
        await browser.PostAsync("/other");
        var answer = (await browser.PostAsync("/")).Body;
        var stored = (await browser.GetAsync("/")).Body.Split(' ').Select(int.Parse).ToArray();
        return (answer, (stored[0], stored[1]));
    }
}
