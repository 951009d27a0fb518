using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Runa.Session;
using Xunit;

namespace CSharp.Tests.Codecs;

/// <summary>JSON that the application chooses: for a key, and for all keys without a codec.</summary>
public class ApplicationJsonTests
{
    private static readonly SessionKey<Line> Cart = new("cart");
    private static readonly SessionKey<Line> Own = new("own", SessionCodec.Json(ShopJson.Default.Line));
    private static readonly SessionKey<Line> Fixed = new("fixed", SessionCodec.Json<Line>(new JsonSerializerOptions()));

    [Fact(DisplayName = "promise 17: a key with a JsonTypeInfo stores as its context says, and reads it back")]
    public void TypeInfo()
    {
        Assert.Equal("""{"own":{"sku":"pen","count":2}}""", SessionModule.toJson(SessionModule.set(Own, new("pen", 2), SessionModule.empty("web"))));
        Assert.Equal(new Line("pen", 2), Stored.RoundTrip(new Line("pen", 2), Own));
    }

    [Fact(DisplayName = "the application's options are for all keys without a codec, strings and flashes too, and for no key with one")]
    public async Task Options()
    {
        await using var app = await StartAsync(sessions => sessions.SetJsonOptions(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper }));
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("""{"cart":{"SKU":"pen","COUNT":1},"fixed":{"Sku":"pen","Count":1},"own":{"sku":"pen","count":1},"text":{"SKU":"pen","COUNT":1}}""", (await browser.GetAsync("/json")).Body);
        Assert.Equal("pen pen pen pen pen", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "the application's context is used without reflection; a type that it does not know is named at its first use")]
    public async Task Context()
    {
        await using var app = await StartAsync(sessions => sessions.SetJsonOptions(ShopJson.Default));
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("pen pen pen pen pen", (await browser.GetAsync("/")).Body);
        var e = await Assert.ThrowsAsync<NotSupportedException>(() => browser.GetAsync("/unknown"));
        Assert.Equal("Key \"list\": the application's JSON options do not know List<Line> (their JsonSerializerContext lacks it): give the key a codec made by SessionCodec.", e.Message);
    }

    [Fact(DisplayName = "two applications of one process each use their own options for the same key; without options the key has the library's")]
    public async Task TwoApplications()
    {
        await using var upper = await StartAsync(sessions => sessions.SetJsonOptions(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper }));
        await using var camel = await StartAsync(sessions => sessions.SetJsonOptions(ShopJson.Default));
        await using var none = await StartAsync(_ => { });

        for (var round = 0; round < 3; round++)
        {
            foreach (var (app, cart) in new[] { (upper, "SKU"), (camel, "sku"), (none, "Sku") })
            {
                var browser = app.NewBrowser();
                await browser.PostAsync("/");
                Assert.StartsWith($"{{\"cart\":{{\"{cart}\":", (await browser.GetAsync("/json")).Body, StringComparison.Ordinal);
            }
        }
    }

    [Fact(DisplayName = "promise 17: HttpContext.Session does not use the application's options")]
    public async Task Others()
    {
        await using var app = await App.StartAsync(
            app =>
            {
                app.UseRunaAspNetSession("web");
                app.MapPost("/", (HttpContext ctx) => ctx.Session.SetString("name", "Ada"));
                app.MapGet("/", (HttpContext ctx) => ctx.Session.GetString("name"));
            },
            sessions => sessions.SetJsonOptions(ShopJson.Default));
        var browser = app.NewBrowser();
        await browser.PostAsync("/");
        Assert.Equal("Ada", (await browser.GetAsync("/")).Body);
    }

    [Fact(DisplayName = "options that were given are read-only, so that no change of theirs is overlooked")]
    public async Task Frozen()
    {
        var options = new JsonSerializerOptions();
        await using var app = await StartAsync(sessions => sessions.SetJsonOptions(options));
        Assert.True(options.IsReadOnly);
    }

    private static Task<App> StartAsync(Action<RunaSessionBuilder> sessions) => App.StartAsync(
        app =>
        {
            app.UseRunaSession();
            app.MapPost("/", (RunaSession session) =>
            {
                session.Set(Cart, new("pen", 1));
                session.Set(Fixed, new("pen", 1));
                session.Update(Own, new("pen", 0), line => line with { Count = line.Count + 1 });
                session.Update("text", new Line("pen", 0), line => line with { Count = line.Count + 1 });
                session.Flash("later", new Line("pen", 1));
            });
            app.MapGet("/json", (RunaSession session) => session.ToJson());
            app.MapGet("/", (RunaSession session) => string.Join(' ', new[]
            {
                session.Get(Cart)!.Sku, session.Get(Own)!.Sku, session.Get(Fixed)!.Sku, session.Get<Line>("text")!.Sku,
                session.TakeFlashes<Line>("later")[0].Sku,
            }));
            app.MapGet("/unknown", (RunaSession session) => session.Get<List<Line>>("list")?.Count);
        },
        sessions);
}
