using System.Net;
using System.Text.Json;
using CSharp.Tests.Drivers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace CSharp.Tests.Diagnostics;

public class HealthTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);

    [Fact(DisplayName = "the check asks a driver that is written in C#, and its data can be written as JSON")]
    public async Task OwnDriver()
    {
        IOException? failure = null;
        var driver = Pinged(() => failure);

        await using var app = await App.StartAsync(
            app => app.MapHealthChecks("/health", new()
            {
                ResponseWriter = (context, report) => context.Response.WriteAsJsonAsync(
                    report.Entries.ToDictionary(entry => entry.Key, entry => new { Status = entry.Value.Status.ToString(), entry.Value.Data })),
            }),
            sessions => sessions
                .AddDriver("own", driver)
                .AddSession("web", options => options.Driver = "own"),
            services => services.AddHealthChecks().AddRunaSession(tags: ["ready"], timeout: s_timeout));

        var healthy = await app.NewBrowser().GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, healthy.Status);
        var own = Own(healthy.Body);
        Assert.True(own.GetProperty("isUp").GetBoolean());
        Assert.True(own.GetProperty("isStore").GetBoolean());

        failure = new IOException("Password=hunter2");
        var unhealthy = await app.NewBrowser().GetAsync("/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unhealthy.Status);
        Assert.Equal("IOException", Own(unhealthy.Body).GetProperty("failure").GetString());
        Assert.DoesNotContain("hunter2", unhealthy.Body, StringComparison.Ordinal);

        static JsonElement Own(string json) =>
            JsonDocument.Parse(json).RootElement.GetProperty("runa-session").GetProperty("data").GetProperty("own");
    }

    [Fact(DisplayName = "name, status and tags of the check are those that were given; all are optional")]
    public void Options()
    {
        var services = new ServiceCollection();
        services.AddHealthChecks().AddRunaSession().AddRunaSession("sessions", HealthStatus.Degraded, ["ready"], s_timeout);
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<HealthCheckServiceOptions>>().Value;

        Assert.Collection(
            options.Registrations,
            plain => Assert.Equal(("runa-session", HealthStatus.Unhealthy, 0), (plain.Name, plain.FailureStatus, plain.Tags.Count)),
            own => Assert.Equal(("sessions", HealthStatus.Degraded, "ready"), (own.Name, own.FailureStatus, Assert.Single(own.Tags))));
    }

    [Fact(DisplayName = "PingAsync asks all drivers that sessions use")]
    public async Task Ping()
    {
        var failure = new IOException("down");
        var driver = Pinged(() => failure);

        await using var app = await App.StartAsync(
            _ => { },
            sessions => sessions
                .AddDriver("own", driver)
                .AddSession("web", options => options.Driver = "own"));

        var drivers = await app.Sessions.PingAsync(s_timeout, TestContext.Current.CancellationToken);
        Assert.Equal([("memory", true, null), ("own", false, "IOException")], drivers.Select(found => (found.Driver, found.IsUp, found.Failure)));
        Assert.Same(failure, drivers[1].Error);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => app.Sessions.PingAsync(TimeSpan.Zero, TestContext.Current.CancellationToken));
    }

    private static Altered Pinged(Func<IOException?> failure) =>
        new(new DictionaryDriver(TimeProvider.System)) { Ping = () => failure() is { } e ? throw e : default };
}
