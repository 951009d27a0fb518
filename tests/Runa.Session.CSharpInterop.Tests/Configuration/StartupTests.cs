using Microsoft.Extensions.Options;
using Runa.Session;
using Xunit;

namespace CSharp.Tests.Configuration;

public class StartupTests
{
    [Fact(DisplayName = "promise 23: a misconfigured application does not start, and the exception names all mistakes at once")]
    public async Task EverythingAtOnce()
    {
        var (app, _, _) = App.Build(
            _ => { },
            sessions: null,
            services => services.AddRunaSession(
                OptionsTests.Json(("session:sessions:web:tll", "2h"), ("session:sessions:api:ttl", "soon")),
                sessions => sessions
                    .AddSecrets("too short")
                    .AddSession("web", o => o.CookiePath = "/app")
                    .AddSession("shop", o => o.Driver = "redsi")));

        await using (app)
        {
            var e = await Assert.ThrowsAsync<SessionConfigurationException>(
                () => app.StartAsync(TestContext.Current.CancellationToken));
            Assert.IsAssignableFrom<OptionsValidationException>(e);
            Assert.Equal(e.Errors, e.Failures);
            string[] expected = ["tll", "soon", "cookie_path", "redsi", "secret"];
            Assert.All(expected, word => Assert.Contains(word, e.Message, StringComparison.OrdinalIgnoreCase));
            Assert.Equal(expected.Length, e.Errors.Count(error => expected.Any(word => error.Contains(word, StringComparison.OrdinalIgnoreCase))));
            Assert.DoesNotContain("too short", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact(DisplayName = "promise 24: outside Development an application without a secret does not start")]
    public async Task NoSecret()
    {
        var (app, _, _) = App.Build(_ => { }, sessions: null, services => services.AddRunaSession());

        await using (app)
        {
            var e = await Assert.ThrowsAsync<SessionConfigurationException>(
                () => app.StartAsync(TestContext.Current.CancellationToken));
            Assert.Contains("RUNA_SECRET", Assert.Single(e.Errors), StringComparison.Ordinal);
        }
    }

    [Theory(DisplayName = "promise 23: a session's setting in a place that nothing reads keeps the application from starting")]
    [InlineData("sessions:web:ttl", "session:sessions:web:ttl")]
    [InlineData("RunaSession:Sessions:shop:IdleTimeout", "session:sessions:shop:idle_timeout")]
    [InlineData("session:sesions:web:ttl", "session:sessions:web:ttl")]
    public async Task Stray(string found, string right)
    {
        var (app, _, _) = App.Build(
            _ => { },
            sessions => sessions.AddSession("shop"),
            services => services.AddSingleton<Microsoft.Extensions.Configuration.IConfiguration>(
                OptionsTests.Json((found, "2h"), ("Sessions:Speakers:Title", "Ms"), ("session:timeout", "20"))));

        await using (app)
        {
            var e = await Assert.ThrowsAsync<SessionConfigurationException>(
                () => app.StartAsync(TestContext.Current.CancellationToken));
            var error = Assert.Single(e.Errors);
            Assert.StartsWith(found + ": ", error, StringComparison.OrdinalIgnoreCase);
            Assert.Contains(right, error, StringComparison.Ordinal);
        }
    }

    [Fact(DisplayName = "in Development a random secret is made, with one warning")]
    public async Task Development()
    {
        await using var app = await App.StartAsync(
            _ => { },
            sessions: null,
            services: null,
            environment: "Development");
        Assert.NotEmpty(app.Sessions.Registered);
    }

    [Fact(DisplayName = "promise 24: secrets rotate with no one logged out")]
    public async Task Rotation()
    {
        const string Next = "zyxwvutsrqponmlkjihgfedcba9876543210";
        await using var store = new SharedDriver();
        var cookies = new Dictionary<string, string>();

        await using (var before = await Visited(store, sessions => sessions.AddSecrets(App.Secret)))
        {
            var browser = before.NewBrowser();
            Assert.Equal("1", (await browser.GetAsync("/")).Body);
            cookies = browser.Cookies;
        }

        foreach (var (secrets, expected) in new[] { (new[] { Next, App.Secret }, "2"), ([Next], "1") })
        {
            await using var after = await Visited(store, sessions => sessions.AddSecrets(secrets[0], secrets[1..]));
            var browser = after.NewBrowser();
            browser.Cookies.Add(cookies.First().Key, cookies.First().Value);
            Assert.Equal(expected, (await browser.GetAsync("/")).Body);
        }
    }

    [Fact(DisplayName = "promise 23: a null among the secrets and a time limit over a day are refused where they are set")]
    public void Arguments() =>
        new Microsoft.Extensions.DependencyInjection.ServiceCollection().AddRunaSession(sessions =>
        {
            var e = Assert.Throws<ArgumentException>("previousSecrets", () => sessions.AddSecrets(App.Secret, [null!]));
            Assert.Contains("is null", e.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>("timeout", () => sessions.SetStoreTimeout(TimeSpan.FromDays(60)));
            Assert.Throws<ArgumentOutOfRangeException>("timeout", () => sessions.SetStoreTimeout(TimeSpan.Zero));
            sessions.SetStoreTimeout(TimeSpan.FromDays(1));
        });

    private static Task<App> Visited(SharedDriver store, Action<RunaSessionBuilder> secrets) =>
        App.StartAsync(
            app =>
            {
                Microsoft.AspNetCore.Builder.RunaSessionApplicationBuilderExtensions.UseRunaSession(app);
                Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(
                    app,
                    "/",
                    (RunaSession session) => $"{session.Update(Keys.Visits, 0, n => n + 1)}");
            },
            sessions =>
            {
                secrets(sessions);
                sessions.AddDriver("shared", store.Driver).AddSession("web", o => o.Driver = "shared").SetApplicationName("shop");
            });

    /// <summary>A store that outlives the applications on it.</summary>
    private sealed class SharedDriver : IAsyncDisposable
    {
        public SessionDriver Driver { get; } =
            MemoryDriver.Create(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
