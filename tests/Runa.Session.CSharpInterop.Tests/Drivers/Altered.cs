namespace CSharp.Tests.Drivers;

/// <summary>Another driver, one method of which can be put in the place of its own.</summary>
internal sealed class Altered(DictionaryDriver inner) : ISessionDriver, ISessionCounter
{
    public Func<StoreKey, StoredSession, ValueTask<bool>>? Create { get; init; }

    public Func<StoreKey, long, StoredSession, ValueTask<ReplaceResult>>? Replace { get; init; }

    public Func<StoreKey, DateTimeOffset, ValueTask<bool>>? Touch { get; init; }

    public Func<ValueTask>? Ping { get; init; }

    public Func<string, ValueTask<SessionCount>>? Count { get; init; }

    public string Name => "altered";

    public IOwnerIndex? Owners => inner.Owners;

    public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken) =>
        inner.LoadAsync(key, cancellationToken);

    public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken) =>
        Create?.Invoke(key, session) ?? inner.CreateAsync(key, session, cancellationToken);

    public ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long expectedVersion,
        StoredSession session,
        CancellationToken cancellationToken) =>
        Replace?.Invoke(key, expectedVersion, session) ?? inner.ReplaceAsync(key, expectedVersion, session, cancellationToken);

    public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) =>
        Touch?.Invoke(key, idleExpiresAt) ?? inner.TouchAsync(key, idleExpiresAt, cancellationToken);

    public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken) =>
        inner.DeleteAsync(key, cancellationToken);

    public ValueTask PingAsync(CancellationToken cancellationToken) => Ping?.Invoke() ?? ((ISessionDriver)inner).PingAsync(cancellationToken);

    public ValueTask<SessionCount> CountAsync(string scope, CancellationToken cancellationToken) =>
        Count?.Invoke(scope) ?? inner.CountAsync(scope, cancellationToken);

    public ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken) => inner.PurgeExpiredAsync(cancellationToken);
}
