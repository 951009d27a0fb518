namespace CSharp.Tests.Drivers;

/// <summary>Counts the calls that requests make.</summary>
internal sealed class CountingDriver(TimeProvider clock) : ISessionDriver
{
    private int _calls;

    public HeldDriver Inner { get; } = new(new DictionaryDriver(clock));

    public int Calls => _calls;

    public string Name => "counting";

    public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Inner.LoadAsync(key, cancellationToken);
    }

    public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Inner.CreateAsync(key, session, cancellationToken);
    }

    public ValueTask<ReplaceResult> ReplaceAsync(StoreKey key, long expectedVersion, StoredSession session, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Inner.ReplaceAsync(key, expectedVersion, session, cancellationToken);
    }

    public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleEnd, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Inner.TouchAsync(key, idleEnd, cancellationToken);
    }

    public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Inner.DeleteAsync(key, cancellationToken);
    }
}
