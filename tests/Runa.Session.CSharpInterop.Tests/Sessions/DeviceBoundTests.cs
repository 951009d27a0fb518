using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>Sessions that are bound to a device.</summary>
public partial class DeviceBoundTests
{
    private const string Bound = "__Host-runa_session_bound";

    [Fact(DisplayName = "promise 29: C# sees whether the session is bound, a policy demands it, and lists of devices say it")]
    public async Task Seen()
    {
        await using var app = await StartAsync("Production");
        var user = app.NewBrowser();
        Assert.Equal("Active Offered ann", await SignInAsync(user));
        Assert.Equal(HttpStatusCode.Forbidden, (await user.GetAsync("/safe")).Status);
        await RegisterAsync(user);
        Assert.Equal("Active Bound ann", (await user.GetAsync("/")).Body);
        Assert.Equal("safe", (await user.GetAsync("/safe")).Body);
        var listed = await app.Sessions.ListAsync("web", "ann", TestContext.Current.CancellationToken);
        Assert.Equal(SessionDevice.Bound, Assert.Single(listed).Device);
    }

    [Theory(DisplayName = "promise 29: a copy of the session's cookie reads as signed out, and can change nothing")]
    [InlineData("Production")]
    [InlineData("Development")]
    public async Task Copied(string environment)
    {
        await using var app = await StartAsync(environment);
        var user = app.NewBrowser();
        await SignInAsync(user);
        await RegisterAsync(user);
        Assert.Equal("Active Bound ann", (await user.GetAsync("/")).Body);
        var thief = user.Copy();
        thief.Cookies.Remove(Bound);
        Assert.Equal("Unproven Unbound ", (await thief.GetAsync("/")).Body);
        Assert.Equal(HttpStatusCode.Unauthorized, (await thief.GetAsync("/safe")).Status);
        var refused = await thief.PostAsync("/label");
        Assert.Equal((HttpStatusCode.Unauthorized, ""), (refused.Status, refused.Body));
        Assert.Empty(refused.SetCookies);
        Assert.Equal(HttpStatusCode.OK, (await user.PostAsync("/label")).Status);
        await thief.PostAsync("/out");
        Assert.Equal("Expired Unbound ", (await user.GetAsync("/")).Body);
    }

    private string _challenge = "";

    /// <summary>As a browser that knows bound sessions. Returns what the next page says.</summary>
    private async Task<string> SignInAsync(Browser browser)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/in", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Sec-CH-UA", "\"Chromium\";v=\"156\"");
        var answer = await browser.SendAsync(request);
        _challenge = Challenge().Match(answer.Header("Secure-Session-Registration")).Groups[1].Value;
        return (await browser.GetAsync("/")).Body;
    }

    /// <summary>Registers a new device by the latest challenge.</summary>
    private async Task RegisterAsync(Browser browser)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(false).Q;
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        var header = $$"""{"typ":"dbsc+jwt","alg":"ES256","jwk":{{jwk}}}""";
        var signed = $"{Part(header)}.{Part($$"""{"jti":"{{_challenge}}"}""")}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/_runa/device/web/register", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Secure-Session-Response", $"{signed}.{Base64Url.EncodeToString(signature)}");
        Assert.Equal(HttpStatusCode.OK, (await browser.SendAsync(request)).Status);
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    [GeneratedRegex("challenge=\"([^\"]+)\"")]
    private static partial Regex Challenge();

    private static Task<App> StartAsync(string environment) =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
                app.MapPost("/out", (RunaSession session) => session.SignOut());
                app.MapPost("/label", (RunaSession session) => session.Label = "Laptop");
                app.MapGet("/", (RunaSession session) => $"{session.Status} {session.Device} {session.Owner}");
                app.MapGet("/safe", () => "safe").RequireAuthorization("bound");
            },
            sessions => sessions.AddSession("web", web => web.DeviceBound = DeviceBound.Offer),
            services =>
            {
                services.AddAuthentication().AddRunaSession("web");
                services.AddAuthorization(options => options.AddPolicy("bound", policy => policy.RequireDeviceBound()));
            },
            environment: environment);
}
