using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Runa;
using Xunit;

namespace CSharp.Tests.Sessions;

/// <summary>What happens to sessions, as services and functions hear it.</summary>
public class EventTests
{
    [Fact(DisplayName = "services that implement ISessionEvents and functions hear every event; one of them may use RunaSessions")]
    public async Task Heard()
    {
        var (first, second, third) = (new Ear(), new Ear(), new Ear());
        var app = await StartAsync(
            sessions => sessions.AddEvents(third.OnSessionEventAsync).AddAuditLog(),
            services =>
            {
                services.AddSingleton<ISessionEvents>(provider => first.With(provider.GetRequiredService<RunaSessions>()));
                services.AddSingleton<ISessionEvents>(second);
            });

        await using (app)
        {
            var browser = app.NewBrowser();
            await browser.PostAsync("/in");
            await browser.PostAsync("/out");
        }

        (SessionEventKind, string?)[] expected =
            [(SessionEventKind.Created, "ann"), (SessionEventKind.SignedIn, "ann"), (SessionEventKind.SignedOut, "ann")];
        Assert.Equal(expected, first.Heard);
        Assert.Equal(expected, second.Heard);
        Assert.Equal(expected, third.Heard);
        Assert.NotNull(first.Sessions);
    }

    [Fact(DisplayName = "services that listen are there when the host has started, so that one that is disposed at once loses no event")]
    public async Task FoundAtStart()
    {
        var made = false;
        var app = await StartAsync(
            _ => { },
            services => services.AddSingleton<ISessionEvents>(_ =>
            {
                made = true;
                return new Ear();
            }));

        await using (app)
        {
            Assert.True(made);
        }
    }

    [Fact(DisplayName = "an exception of a listener fails no request and keeps nothing from the others")]
    public async Task Failing()
    {
        var ear = new Ear();
        var app = await StartAsync(
            sessions => sessions.AddEvents((_, _) => throw new InvalidOperationException("deaf")).AddEvents(ear.OnSessionEventAsync));

        await using (app)
        {
            Assert.Equal(200, (int)(await app.NewBrowser().PostAsync("/in")).Status);
        }

        Assert.Equal(2, ear.Heard.Count);
        Assert.Equal(2, app.Logs.Warnings.Count(line => line.Contains("raised an exception for", StringComparison.Ordinal)));
    }

    private static Task<App> StartAsync(Action<RunaSessionBuilder> sessions, Action<IServiceCollection>? services = null) =>
        App.StartAsync(
            app =>
            {
                app.UseRunaSession();
                app.MapPost("/in", (RunaSession session) => session.SignIn("ann"));
                app.MapPost("/out", (RunaSession session) => session.SignOut());
            },
            sessions,
            services);

    private sealed class Ear : ISessionEvents
    {
        public ConcurrentQueue<(SessionEventKind Kind, string? Owner)> Heard { get; } = new();

        public RunaSessions? Sessions { get; private set; }

        public Ear With(RunaSessions sessions)
        {
            Sessions = sessions;
            return this;
        }

        public ValueTask OnSessionEventAsync(SessionEvent sessionEvent, CancellationToken cancellationToken)
        {
            Heard.Enqueue((sessionEvent.Kind, sessionEvent.Owner));
            return ValueTask.CompletedTask;
        }
    }
}
