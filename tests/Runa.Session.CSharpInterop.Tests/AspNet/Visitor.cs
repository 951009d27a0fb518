using System.Net;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.AspNet;

/// <summary>Somebody with a browser: each call is a request, in which the server runs what is given.</summary>
internal sealed class Visitor(Site site, Browser browser)
{
    public Browser Browser => browser;

    public Task<Answer> RequestAsync(RequestDelegate step, HttpMethod? method = null) => site.SendAsync(browser, step, method);

    /// <summary>A request that changes the session and succeeds.</summary>
    public async Task<Answer> DoesAsync(Action<ISession> step)
    {
        var answer = await RequestAsync(ctx =>
        {
            step(ctx.Session);
            return Task.CompletedTask;
        });

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer;
    }

    /// <summary>A request that reads the session and succeeds.</summary>
    public async Task<T> AsksAsync<T>(Func<ISession, T> ask)
    {
        var result = default(T);
        await DoesAsync(session => result = ask(session));
        return result!;
    }

    /// <summary>What the step raises inside of its request, which succeeds.</summary>
    public Task<Exception?> RaisesAsync(Action<ISession> step) => AsksAsync(session => Record.Exception(() => step(session)));

    public Visitor Copy() => new(site, browser.Copy());
}
