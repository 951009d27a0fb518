namespace CSharp.Tests.Drivers;

/// <summary>Where calls wait until they are let go.</summary>
internal sealed class Hold
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When the first call waits.</summary>
    public Task Arrived => _arrived.Task;

    public void Release() => _released.TrySetResult();

    public Task PassAsync()
    {
        _arrived.TrySetResult();
        return _released.Task;
    }
}

/// <summary>Another driver, whose answers can be held back. It does not listen to its token, as a store that hangs does not.</summary>
internal sealed class HeldDriver(DictionaryDriver inner) : ISessionDriver, IOwnerIndex, ISessionCounter
{
    public Hold? Reads { get; set; }

    public bool FailsToRead { get; set; }

    public bool FailsToWrite { get; set; }

    public Hold? Writes { get; set; }

    /// <summary>Called when a record is deleted.</summary>
    public Action? Deleting { get; set; }

    /// <summary>Called at the next conflict.</summary>
    public Action? Conflicted { get; set; }

    public Hold? Purges { get; set; }

    public string Name => "held";

    public IOwnerIndex Owners => this;

    public async ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken)
    {
        await PassAsync(Reads, FailsToRead);
        return await inner.LoadAsync(key, CancellationToken.None);
    }

    public async ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken)
    {
        await PassAsync(Writes, FailsToWrite);
        return await inner.CreateAsync(key, session, CancellationToken.None);
    }

    public async ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long expectedVersion,
        StoredSession session,
        CancellationToken cancellationToken)
    {
        await PassAsync(Writes, FailsToWrite);
        var outcome = await inner.ReplaceAsync(key, expectedVersion, session, CancellationToken.None);

        if (outcome.Current is not null && Conflicted is { } conflicted)
        {
            Conflicted = null;
            conflicted();
        }

        return outcome;
    }

    public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) =>
        inner.TouchAsync(key, idleExpiresAt, CancellationToken.None);

    public async ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken)
    {
        await PassAsync(Writes, FailsToWrite);
        Deleting?.Invoke();
        return await inner.DeleteAsync(key, CancellationToken.None);
    }

    public async ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken)
    {
        await PassAsync(Purges, FailsToRead);
        return await inner.PurgeExpiredAsync(CancellationToken.None);
    }

    public async ValueTask<SessionCount> CountAsync(string scope, CancellationToken cancellationToken)
    {
        await PassAsync(Reads, FailsToRead);
        return await inner.CountAsync(scope, CancellationToken.None);
    }

    public async ValueTask<StoredSessionPage> ListAsync(string scope, string owner, string? continuationToken, CancellationToken cancellationToken)
    {
        await PassAsync(Reads, FailsToRead);
        return await inner.Owners!.ListAsync(scope, owner, continuationToken, CancellationToken.None);
    }

    public ValueTask<OwnerEpoch> GetEpochAsync(string scope, string owner, CancellationToken cancellationToken) =>
        inner.Owners!.GetEpochAsync(scope, owner, CancellationToken.None);

    public ValueTask AdvanceEpochAsync(string scope, string owner, CancellationToken cancellationToken) =>
        inner.Owners!.AdvanceEpochAsync(scope, owner, CancellationToken.None);

    public async ValueTask<int> DeleteAllAsync(string scope, CancellationToken cancellationToken)
    {
        await PassAsync(Writes, FailsToWrite);
        return await inner.Owners!.DeleteAllAsync(scope, CancellationToken.None);
    }

    private static async Task PassAsync(Hold? hold, bool fails)
    {
        if (hold is not null)
        {
            await hold.PassAsync();
        }

        if (fails)
        {
            throw new IOException("The store is down.");
        }
    }
}
