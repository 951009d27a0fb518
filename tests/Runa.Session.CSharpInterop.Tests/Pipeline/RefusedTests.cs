using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>A request that the server refuses while it runs, such as one whose body is too large.</summary>
public class RefusedTests
{
    [Theory(DisplayName = "promise 20: a refused request keeps its status, and its session's cookie is sent")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeepsStatus(bool signsIn)
    {
        await using var app = await App.StartAsync(
            app => app.MapPost("/", async (HttpContext context) =>
            {
                if (signsIn)
                {
                    await context.UpdateRunaSessionAsync("web", session => session.SignIn("ada"));
                }

                throw new BadHttpRequestException("Too large.", StatusCodes.Status413PayloadTooLarge);
            }).WithRunaSession(),
            onKestrel: true);

        var answer = await app.NewBrowser().PostAsync("/");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal(signsIn ? 1 : 0, answer.SetCookies.Count);
    }
}
