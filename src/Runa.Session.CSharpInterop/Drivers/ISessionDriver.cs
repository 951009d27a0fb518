namespace Runa;

/// <summary>
/// Storage for sessions, written in C#: registered by <see cref="RunaSessionBuilder"/>'s AddDriver. It stores records
/// (<see cref="StoredSession"/>, usually as the document of <see cref="StoredSession.ToUtf8Json"/>) under keys, and
/// compares versions before it replaces one. All methods are called concurrently, from several threads.
/// </summary>
/// <remarks>
/// <para>
/// What a method raises reaches the application as <see cref="SessionStoreException"/>, with the exception as its cause; but
/// <see cref="InvalidDataException"/> says that the record cannot be read, and its session then counts as gone. A
/// method that fails does not try again: after a create or replace that failed, the library loads the record, and tells by
/// its version whether the write stands. A write is done whole or not at all, also when it is cancelled; each call is
/// cancelled after a time limit (5 seconds, unless <see cref="RunaSessionBuilder.SetStoreTimeout"/> says otherwise), never
/// because a client hangs up.
/// </para>
/// <para>
/// Time is the application's <see cref="TimeProvider"/>, never the store's. A store's own expiry is garbage collection only:
/// <see cref="StoredSession.EndsAt"/> and a minute. What is read must equal what was written, to the tick and the character.
/// </para>
/// </remarks>
public interface ISessionDriver
{
    /// <summary>What error messages call it: "files".</summary>
    string Name { get; }

    /// <summary>What holds when two processes write one session at once. Default: compare-and-swap.</summary>
    DriverGuarantee Guarantee => DriverGuarantee.CompareAndSwap;

    /// <summary>
    /// The index by owner. Default: null, sessions cannot be listed or ended by owner
    /// (<see cref="NotSupportedException"/>). It is asked once, when the driver is registered.
    /// </summary>
    IOwnerIndex? Owners => null;

    /// <summary>The record, expired or not; null where nothing is.</summary>
    /// <param name="key">Where it stands.</param>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a record where nothing is. It never overwrites, not even what has expired. The index entry of a record with an
    /// owner is written before the record, so that whoever ends an owner's sessions in between finds it.
    /// </summary>
    /// <param name="key">Where it is to stand.</param>
    /// <param name="session">The record.</param>
    /// <param name="cancellationToken">The time limit.</param>
    /// <returns>False: something is there.</returns>
    ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the record of that version, atomically: of two that replace one version, one wins. Where another version
    /// stands, nothing changes, and the answer is <see cref="ReplaceResult.Conflict"/> with what stands there; where
    /// nothing stands, or what has expired, <see cref="ReplaceResult.Missing"/>. The owner may differ from that of the
    /// record before: its index entry is written before the record, and the older one removed after it.
    /// </summary>
    /// <param name="key">Where it stands.</param>
    /// <param name="version">The <see cref="StoredSession.Version"/> that is to be replaced.</param>
    /// <param name="session">The new record, of a new version. It may be a tombstone.</param>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long version,
        StoredSession session,
        CancellationToken cancellationToken);

    /// <summary>
    /// Moves the idle end later, as <see cref="StoredSession.Touch"/> does: never earlier, never past the absolute end, and
    /// without changing the version, so that a write that is under way is not disturbed. It never creates, and does not
    /// bring back what has expired.
    /// </summary>
    /// <param name="key">Where the record stands.</param>
    /// <param name="idleExpiresAt">The later idle end.</param>
    /// <param name="cancellationToken">The time limit.</param>
    /// <returns>False: nothing is there, or it has expired.</returns>
    ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the record, expired or not, and its index entry after it. A record that cannot be read is removed as well,
    /// before <see cref="InvalidDataException"/> is raised. It needs no room: sessions end on a store that is full, too.
    /// </summary>
    /// <param name="key">Where it stands.</param>
    /// <param name="cancellationToken">The time limit.</param>
    /// <returns>What it removed, as it stood last; null where nothing was.</returns>
    ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken);

    /// <summary>
    /// <see cref="DeleteAsync"/> for at most 100 keys at once, when many sessions are ended. Default: one call each, all at
    /// once; a store that can do it in one round trip should. Where it raises, some may be removed.
    /// </summary>
    /// <param name="keys">Where they stand.</param>
    /// <param name="cancellationToken">The time limit.</param>
    /// <returns>
    /// What it removed, in any order, with its key; null for a record that could not be read, and is removed all the same.
    /// </returns>
    async ValueTask<IReadOnlyList<KeyValuePair<StoreKey, StoredSession?>>> DeleteManyAsync(
        IReadOnlyList<StoreKey> keys,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var deleted = await Task.WhenAll(keys.Select(DeleteOneAsync)).ConfigureAwait(false);
        return [.. from item in deleted where item is not null select item.Value];

        async Task<KeyValuePair<StoreKey, StoredSession?>?> DeleteOneAsync(StoreKey key)
        {
            try
            {
                return await DeleteAsync(key, cancellationToken).ConfigureAwait(false) is { } session
                    ? new(key, session)
                    : null;
            }
            catch (InvalidDataException)
            {
                return new(key, null);
            }
        }
    }

    /// <summary>
    /// Whether what a write raised says for certain that nothing was written: the store is read-only, or full. Default:
    /// false, the outcome is unknown (<see cref="SessionStoreException.MayHaveBeenSaved"/>).
    /// </summary>
    /// <param name="exception">What a write of this driver raised.</param>
    bool IsRefusal(Exception exception) => false;

    /// <summary>
    /// Deletes what is <see cref="StoredSession.IsPurgeable"/>; asked for each minute. Default: nothing, for stores that expire records themselves.
    /// </summary>
    /// <param name="cancellationToken">Cancels between records.</param>
    /// <returns>How many records went.</returns>
    ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken) => new(0);

    /// <summary>Raises when the store does not answer. Default: nothing.</summary>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask PingAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Frees what the driver itself opened, when the application ends. It must bear being called twice: a container that
    /// made the driver disposes it as well. Default: as <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>, where
    /// the driver is one.
    /// </summary>
    ValueTask DisposeAsync()
    {
        if (this is IAsyncDisposable asynchronous)
        {
            return asynchronous.DisposeAsync();
        }

        (this as IDisposable)?.Dispose();
        return default;
    }
}
