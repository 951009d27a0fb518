using System.Diagnostics.Metrics;
using CSharp.Tests.Drivers;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace CSharp.Tests.Diagnostics;

public class TelemetryTests
{
    [Fact(DisplayName = "the host's meter measures what C# does with sessions, and what a driver written in C# holds")]
    public async Task Measured()
    {
        var driver = new UsedDriver();

        await using var app = await App.StartAsync(
            app => app.UseRunaSession().Run(context =>
            {
                context.GetRunaSession().Set("visits", 1);
                return Task.CompletedTask;
            }),
            sessions => sessions
                .AddDriver("own", driver)
                .AddSession("web", options => options.Driver = "own"));

        var factory = app.Services.GetRequiredService<IMeterFactory>();
        var found = new Dictionary<(string Name, string? Outcome), long>();
        using var listener = new MeterListener();

        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory) && instrument.Meter.Name == "Runa.Session")
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };

        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var all = tags.ToArray().ToDictionary(tag => tag.Key, tag => (string?)tag.Value);

            if (all["runa.session.driver"] == "own")
            {
                found[(instrument.Name, all.GetValueOrDefault("runa.session.outcome"))] = value;
            }
        });

        listener.Start();
        await app.NewBrowser().GetAsync("/");
        listener.RecordObservableInstruments();

        Assert.Equal(1, found[("runa.session.created", null)]);
        Assert.Equal(3, found[("runa.session.memory.sessions", null)]);
        Assert.Equal(700, found[("runa.session.memory.usage", null)]);
        Assert.Equal(20, found[("runa.session.evicted", "visitor")]);
        Assert.Equal(1, found[("runa.session.evicted", "signed_in")]);
    }

    private sealed class UsedDriver : ISessionDriver, ISessionUsage
    {
        private readonly DictionaryDriver _inner = new(TimeProvider.System);

        public string Name => "own";

        public long Sessions => 3;

        public long Bytes => 700;

        public long EvictedVisitors => 20;

        public long EvictedUsers => 1;

        public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken) =>
            _inner.LoadAsync(key, cancellationToken);

        public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken) =>
            _inner.CreateAsync(key, session, cancellationToken);

        public ValueTask<ReplaceResult> ReplaceAsync(
            StoreKey key, long expectedVersion, StoredSession session, CancellationToken cancellationToken) =>
            _inner.ReplaceAsync(key, expectedVersion, session, cancellationToken);

        public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) =>
            _inner.TouchAsync(key, idleExpiresAt, cancellationToken);

        public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken) =>
            _inner.DeleteAsync(key, cancellationToken);
    }
}
