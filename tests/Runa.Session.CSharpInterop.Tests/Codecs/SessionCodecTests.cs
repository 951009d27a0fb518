using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Runa.Session;
using Xunit;

namespace CSharp.Tests.Codecs;

public class SessionCodecTests
{
    private static readonly SessionKey<Money> Price = new("price", SessionCodec.Create(
        encode: money => JsonSerializer.Serialize($"{money.Amount.ToString(CultureInfo.InvariantCulture)} {money.Currency}"),
        decode: json =>
        {
            var parts = JsonSerializer.Deserialize<string>(json)!.Split(' ');
            return new Money(decimal.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
        }));

    [Fact(DisplayName = "a codec of two functions stores its own text, and reads it back")]
    public void Functions()
    {
        var session = SessionModule.set(Price, new Money(1.10m, "EUR"), SessionModule.empty("web"));

        Assert.Equal("""{"price":"1.10 EUR"}""", SessionModule.toJson(session));
        Assert.Equal(new Money(1.10m, "EUR"), Stored.RoundTrip(new Money(1.10m, "EUR"), Price));
    }

    [Fact(DisplayName = "promise 17: an exception of the decoder is a decode error: the value reads as missing, is kept, and neither is logged with it")]
    public async Task DecoderRaises()
    {
        var text = new SessionKey<string>("price");

        await using var app = await App.StartAsync(app =>
        {
            app.UseRunaSession();
            app.MapGet("/set", (HttpContext ctx) => ctx.GetRunaSession().Set(text, "secret"));
            app.MapGet("/get", (HttpContext ctx) => $"{ctx.GetRunaSession().TryGet(Price, out _)} {ctx.GetRunaSession().Get(Price)?.Currency}");
            app.MapGet("/text", (HttpContext ctx) => ctx.GetRunaSession().Get(text));
        });

        var browser = app.NewBrowser();
        await browser.GetAsync("/set");
        Assert.Equal("False ", (await browser.GetAsync("/get")).Body);
        Assert.Equal("secret", (await browser.GetAsync("/text")).Body);
        Assert.Contains(app.Logs.Warnings, line => line.Contains("\"price\" that cannot be read as Money"));
        Assert.DoesNotContain(app.Logs.All, line => line.Text.Contains("secret"));
    }

    [Fact(DisplayName = "the encoder must return exactly one JSON value; otherwise setting the value raises, without showing the text")]
    public void EncoderChecked()
    {
        foreach (var text in new[] { "secret", "1 2", "", "{", "1,\"other\":2" })
        {
            var key = new SessionKey<int>("k", SessionCodec.Create<int>(_ => text, int.Parse));
            var error = Assert.Throws<ArgumentException>(() => SessionModule.set(key, 1, SessionModule.empty("web")));
            Assert.Contains("Key \"k\"", error.Message);
            Assert.Contains("JSON value", error.Message);
            Assert.DoesNotContain("secret", error.Message);
        }
    }

    [Fact(DisplayName = "a codec that returns null says so")]
    public void EncoderNull()
    {
        var key = new SessionKey<int>("k", SessionCodec.Create<int>(_ => null!, int.Parse));
        var error = Assert.Throws<ArgumentException>(() => SessionModule.set(key, 1, SessionModule.empty("web")));
        Assert.Contains("returned null", error.Message);
    }

    [Fact(DisplayName = "a codec made from options uses them, and refuses nothing")]
    public void Options()
    {
        var key = new SessionKey<Person>("k", SessionCodec.Json<Person>(new JsonSerializerOptions(JsonSerializerDefaults.Web)));
        var session = SessionModule.set(key, new Person { Name = "a" }, SessionModule.empty("web"));

        Assert.Equal("""{"k":{"name":"a","nickname":null}}""", SessionModule.toJson(session));
        Assert.Equal("b", Stored.Read("""{"NAME":"b"}""", key).Value?.Name);

        var anything = new SessionKey<object>("k", SessionCodec.Json<object>(new JsonSerializerOptions()));
        Assert.IsType<JsonElement>(Stored.RoundTrip<object>(1, anything));
    }

    [Fact(DisplayName = "functions and options that are null are refused where the codec is made")]
    public void Nulls()
    {
        Assert.Throws<ArgumentNullException>("encode", () => SessionCodec.Create<int>(null!, int.Parse));
        Assert.Throws<ArgumentNullException>("decode", () => SessionCodec.Create<int>(_ => "1", null!));
        Assert.Throws<ArgumentNullException>("options", () => SessionCodec.Json<int>(options: null!));
        Assert.Throws<ArgumentNullException>("jsonTypeInfo", () => SessionCodec.Json<int>(jsonTypeInfo: null!));
    }
}
