using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Realtime;

/// <summary>A stream of events reads the session, and commits while it runs.</summary>
public class ServerSentEventsTests
{
    [Fact(DisplayName = "a stream of events commits while it runs")]
    public async Task Commit()
    {
        var next = new SemaphoreSlim(0);

        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/begin", (RunaSession session) => session.Set(Keys.Name, "Ada"));
                app.MapGet("/", (RunaSession session) => $"{session.Get(Keys.Visits)}");
                app.MapGet("/events", (RunaSession session, CancellationToken ended) =>
                    TypedResults.ServerSentEvents(Events(session, next, ended)));
            },
            onKestrel: true);

        var browser = app.NewBrowser();
        await browser.PostAsync("/begin");
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/events"));
        request.Headers.Add("Cookie", string.Join("; ", browser.Cookies.Select(c => $"{c.Key}={c.Value}")));
        using var response = await client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Assert.Equal("Ada saw 0", await DataAsync(lines));

        for (var count = 1; count <= 3; count++)
        {
            next.Release();
            Assert.Equal($"Ada saw {count}", await DataAsync(lines));
            Assert.Equal($"{count}", (await browser.GetAsync("/")).Body);
        }
    }

    private static async IAsyncEnumerable<string> Events(
        RunaSession session,
        SemaphoreSlim next,
        [EnumeratorCancellation] CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            yield return $"{session.Get(Keys.Name)} saw {session.Get(Keys.Visits)}";
            await next.WaitAsync(ended);
            session.Update(Keys.Visits, 0, n => n + 1);
            await session.CommitAsync();
        }
    }

    private static async Task<string> DataAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return line["data: ".Length..];
            }
        }

        return "the stream has ended";
    }
}
