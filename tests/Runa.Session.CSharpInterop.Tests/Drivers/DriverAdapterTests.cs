using Microsoft.FSharp.Core;
using Xunit;
using static CSharp.Tests.Drivers.Records;
using RecordVersion = Runa.Session.RecordVersion;
using SessionDriver = Runa.Session.SessionDriver;

namespace CSharp.Tests.Drivers;

/// <summary>A driver written in C# as the library calls it.</summary>
public class DriverAdapterTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact(DisplayName = "a driver's synchronous answer stays synchronous, and the record is the same object")]
    public async Task Synchronous()
    {
        var driver = new Fake { Found = () => new(Alice), Replaced = () => new(ReplaceResult.Conflict(Alice)) }.ToSessionDriver();

        var loaded = driver.Load.Invoke(Key).Invoke(None);
        Assert.True(loaded.IsCompletedSuccessfully);
        Assert.Same(Alice.Record, (await loaded).Value);

        var replaced = FSharpFunc<StoreKey, RecordVersion>.InvokeFast(driver.Replace, Key, Alice.Record.Version, Alice.Record, None);
        Assert.True(replaced.IsCompletedSuccessfully);
        Assert.Same(Alice.Record, Assert.IsType<Runa.Session.ReplaceResult.Conflict>(await replaced).Item);
    }

    [Fact(DisplayName = "a load of a driver that answers synchronously allocates nothing but what the driver does")]
    public void AllocatesNothing()
    {
        var driver = new Fake { Found = () => new(Alice) }.ToSessionDriver();
        long before = 0;

        for (var i = 0; i < 1_100; i++)
        {
            if (i == 1_000)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            Load(driver);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact(DisplayName = "what a driver raises, at once or later, passes through as it is")]
    public async Task Faults()
    {
        var fault = new InvalidTimeZoneException("down");
        var atOnce = new Fake { Found = () => throw fault }.ToSessionDriver();
        var faulted = new Fake { Found = () => ValueTask.FromException<StoredSession?>(fault) }.ToSessionDriver();
        var later = new Fake { Found = async () => { await Task.Yield(); throw fault; } }.ToSessionDriver();

        Assert.Same(fault, Assert.Throws<InvalidTimeZoneException>(() => { _ = atOnce.Load.Invoke(Key).Invoke(None); }));
        Assert.Same(fault, await Assert.ThrowsAsync<InvalidTimeZoneException>(() => faulted.Load.Invoke(Key).Invoke(None).AsTask()));
        Assert.Same(fault, await Assert.ThrowsAsync<InvalidTimeZoneException>(() => later.Delete.Invoke(Key).Invoke(None).AsTask()));
    }

    [Fact(DisplayName = "a driver without a name, or with an undefined guarantee, is refused when it is registered")]
    public void NoName()
    {
        Assert.Contains("Fake.Name is null or empty", Assert.Throws<InvalidOperationException>(() => new Fake { Name = null! }.ToSessionDriver()).Message);
        Assert.Contains("\"fake\" is 9", Assert.Throws<InvalidOperationException>(() => new Fake { Guarantee = (DriverGuarantee)9 }.ToSessionDriver()).Message);
        Assert.Throws<ArgumentNullException>("driver", () => ((ISessionDriver)null!).ToSessionDriver());
    }

    [Fact(DisplayName = "a driver that wrongly returns null gets an error with its name and the method")]
    public async Task Nulls()
    {
        var driver = new Fake { Replaced = () => new((ReplaceResult)null!), Owners = new NullIndex() }.ToSessionDriver();

        var replaced = Assert.Throws<InvalidOperationException>(() =>
        {
            _ = FSharpFunc<StoreKey, RecordVersion>.InvokeFast(driver.Replace, Key, Alice.Record.Version, Alice.Record, None);
        });
        Assert.Contains("\"fake\" answered null to ReplaceAsync", replaced.Message);

        var listed = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            FSharpFunc<string, string>.InvokeFast(driver.Owners.Value.List, "s", "o", null!, None).AsTask());
        Assert.Contains("\"fake\" answered null to ListAsync", listed.Message);
    }

    [Fact(DisplayName = "a driver that counts is asked for the scope with the caller's token, and its answer and fault pass through")]
    public async Task Counts()
    {
        using var caller = new CancellationTokenSource();
        var fault = new InvalidTimeZoneException("down");
        var counter = new Counter();
        var count = counter.ToSessionDriver().Count.Value;

        var answer = await FSharpFunc<string, CancellationToken>.InvokeFast(count, "shop/web", caller.Token);
        Assert.Equal((7L, 3L), (answer.Sessions, answer.SignedIn));
        Assert.Equal(("shop/web", caller.Token), counter.Asked);

        counter.Fault = fault;
        Assert.Same(fault, await Assert.ThrowsAsync<InvalidTimeZoneException>(() => FSharpFunc<string, CancellationToken>.InvokeFast(count, "shop/web", None).AsTask()));
    }

    [Fact(DisplayName = "what a driver leaves out has its default: compare-and-swap, no index, no count, nothing to purge or ping")]
    public async Task Defaults()
    {
        var driver = new LaterDriver(new Fake()).ToSessionDriver();
        Assert.Equal("later", driver.Name);
        Assert.True(driver.Guarantee.IsCompareAndSwap);
        Assert.True(new Fake { Guarantee = DriverGuarantee.LastWriteWins }.ToSessionDriver().Guarantee.IsLastWriteWins);
        Assert.True(driver.Owners.IsNone);
        Assert.True(driver.Count.IsNone);

        ISessionDriver bare = new Bare();
        Assert.Equal(0, await bare.PurgeExpiredAsync(None));
        await bare.PingAsync(None);
        await bare.DisposeAsync();
    }

    [Fact(DisplayName = "a driver that is IDisposable is disposed, unless it says otherwise")]
    public async Task Disposing()
    {
        var driver = new Closing();
        await driver.ToSessionDriver().Dispose.Invoke(null!);
        Assert.Equal(1, driver.Closed);
    }

    private static void Load(SessionDriver driver) =>
        FSharpFunc<StoreKey, CancellationToken>.InvokeFast(driver.Load, Key, None).GetAwaiter().GetResult();

    private sealed class Closing : Fake, IDisposable
    {
        public int Closed { get; private set; }

        public void Dispose() => Closed++;
    }

    private sealed class Counter : Fake, ISessionCounter
    {
        public (string Scope, CancellationToken Token) Asked { get; private set; }

        public Exception? Fault { get; set; }

        public ValueTask<SessionCount> CountAsync(string scope, CancellationToken cancellationToken)
        {
            Asked = (scope, cancellationToken);
            return Fault is null ? new(new SessionCount(sessions: 7, signedIn: 3)) : throw Fault;
        }
    }

    private sealed class Bare : ISessionDriver
    {
        public string Name => "bare";

        public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken) => default;

        public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken) => default;

        public ValueTask<ReplaceResult> ReplaceAsync(StoreKey key, long expectedVersion, StoredSession session, CancellationToken cancellationToken) =>
            new(ReplaceResult.Missing);

        public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) => default;

        public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken) => default;
    }

    private sealed class NullIndex : IOwnerIndex
    {
        public ValueTask<StoredSessionPage> ListAsync(string scope, string owner, string? continuationToken, CancellationToken cancellationToken) =>
            new((StoredSessionPage)null!);

        public ValueTask<OwnerEpoch> GetEpochAsync(string scope, string owner, CancellationToken cancellationToken) => default;

        public ValueTask AdvanceEpochAsync(string scope, string owner, CancellationToken cancellationToken) => default;

        public ValueTask<int> DeleteAllAsync(string scope, CancellationToken cancellationToken) => new(0);
    }
}
