using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;
using Xunit;

namespace CSharp.Tests.Pipeline;

/// <summary>Sessions as parameters of actions, over Kestrel.</summary>
public class MvcTests
{
    [Fact(DisplayName = "an action takes the session as a parameter, with no validation walk")]
    public async Task Parameter()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        Assert.Equal("True 1", (await browser.GetAsync("/counter/visit?by=1")).Body);
        Assert.Equal("True 3", (await browser.GetAsync("/counter/visit?by=2")).Body);
        Assert.Equal("False 3", (await browser.GetAsync("/counter/visit?by=99")).Body);
    }

    [Fact(DisplayName = "an action takes another session by its name")]
    public async Task Named()
    {
        await using var app = await StartAsync();
        Assert.Equal("web admin", (await app.NewBrowser().GetAsync("/counter/names")).Body);
    }

    [Fact(DisplayName = "a controller for APIs does not take the session for its body")]
    public async Task ApiController()
    {
        await using var app = await StartAsync();
        var browser = app.NewBrowser();
        Assert.Equal("1", (await browser.PostAsync("/api/counter")).Body);
        Assert.Equal("2", (await browser.PostAsync("/api/counter")).Body);
    }

    [Fact(DisplayName = "an unregistered session raises in the request")]
    public async Task Unknown()
    {
        await using var app = await StartAsync();
        var answer = await app.NewBrowser().GetAsync("/counter/unknown");
        Assert.Equal(500, (int)answer.Status);
        Assert.Contains(app.Logs.All, line => line.Error?.Message.Contains("There is no session \"wbe\"", StringComparison.Ordinal) == true);
    }

    private static Task<App> StartAsync() =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession("web", "admin");
                app.MapControllers();
            },
            services: services => services.AddControllers().AddApplicationPart(typeof(MvcTests).Assembly),
            onKestrel: true);
}

[Route("counter")]
public class CounterController : Controller
{
    [HttpGet("visit")]
    public string Visit(RunaSession session, [Range(1, 9)] int by)
    {
        if (ModelState.IsValid)
        {
            session.Update(Keys.Visits, 0, n => n + by);
        }

        return $"{ModelState.IsValid} {session.Get(Keys.Visits)}";
    }

    [HttpGet("names")]
    public string Names([FromRunaSession] RunaSession web, [FromRunaSession("admin")] RunaSession admin) =>
        $"{web.Name} {admin.Name}";

    [HttpGet("unknown")]
    public string Unknown([FromRunaSession("wbe")] RunaSession session) => session.Name;
}

[ApiController]
[Route("api/counter")]
public class ApiCounterController : ControllerBase
{
    [HttpPost]
    public int Post(RunaSession session) => session.Update(Keys.Visits, 0, n => n + 1);
}
