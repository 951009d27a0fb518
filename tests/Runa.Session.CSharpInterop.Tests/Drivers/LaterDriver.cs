namespace CSharp.Tests.Drivers;

/// <summary>Another driver's answers after a while, as if its store were elsewhere. It has no index by owner.</summary>
internal sealed class LaterDriver(ISessionDriver inner) : ISessionDriver
{
    public string Name => "later";

    public async ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.LoadAsync(key, cancellationToken);
    }

    public async ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.CreateAsync(key, session, cancellationToken);
    }

    public async ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long expectedVersion,
        StoredSession session,
        CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.ReplaceAsync(key, expectedVersion, session, cancellationToken);
    }

    public async ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.TouchAsync(key, idleExpiresAt, cancellationToken);
    }

    public async ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.DeleteAsync(key, cancellationToken);
    }

    public async ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        return await inner.PurgeExpiredAsync(cancellationToken);
    }
}
