namespace Runa;

/// <summary>
/// Storage for sessions, written in C#. Register it by <see cref="RunaSessionBuilder"/>'s AddDriver. A driver stores
/// records (<see cref="StoredSession"/>, usually as the document of <see cref="StoredSession.ToUtf8Json"/>) under keys,
/// and compares versions before it replaces one. All methods are called concurrently, from several threads.
/// </summary>
/// <remarks>
/// <para>
/// An exception of a method reaches the application as the cause of a <see cref="SessionStoreException"/>. Only
/// <see cref="InvalidDataException"/> is different: it says that the record cannot be read, and the session then counts
/// as gone. A method that fails must not try again: after a create or replace that failed, the library loads the
/// record, and its version tells whether the write was stored. A write must be stored whole or not at all, even if it
/// is cancelled. Each call is cancelled after a time limit (5 seconds, unless
/// <see cref="RunaSessionBuilder.SetStoreTimeout"/> sets another), never because a client disconnects.
/// </para>
/// <para>
/// The time is that of the application's <see cref="TimeProvider"/>, never of the store's clock. A store's own expiry
/// is only there to collect garbage: let it keep each record until a minute after <see cref="StoredSession.EndsAt"/>.
/// What is read must equal what was written, to the tick and the character.
/// </para>
/// </remarks>
public interface ISessionDriver
{
    /// <summary>The driver's name in error messages, such as "files".</summary>
    string Name { get; }

    /// <summary>
    /// What the driver guarantees when two processes write one session at once. Default: compare-and-swap.
    /// </summary>
    DriverGuarantee Guarantee => DriverGuarantee.CompareAndSwap;

    /// <summary>
    /// The index by owner. Default: null; sessions cannot be listed or ended by owner
    /// (<see cref="NotSupportedException"/>). The library reads this property once, when the driver is registered.
    /// </summary>
    IOwnerIndex? Owners => null;

    /// <summary>Loads the record, expired or not. Null: there is none.</summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a new record. It never overwrites one, not even an expired one. If the record has an owner, write the
    /// index entry before the record, so that a call which ends the owner's sessions at that moment finds it.
    /// </summary>
    /// <param name="key">The key of the new record.</param>
    /// <param name="session">The new record.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    /// <returns>False: the key has a record already.</returns>
    ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the record of this version, atomically: if two calls replace the same version, one of them wins. If the
    /// stored record has another version, nothing changes, and the result is <see cref="ReplaceResult.Conflict"/> with
    /// the stored record. If there is no record, or it has expired, the result is <see cref="ReplaceResult.Missing"/>.
    /// The new record may have another owner: write its index entry before the record, and remove the old entry after
    /// it.
    /// </summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="expectedVersion">The <see cref="StoredSession.Version"/> to replace.</param>
    /// <param name="session">The new record, with a new version. It may be a tombstone.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key,
        long expectedVersion,
        StoredSession session,
        CancellationToken cancellationToken);

    /// <summary>
    /// Moves the idle end later, as <see cref="StoredSession.Touch"/> does: never earlier, and never past the absolute
    /// end. The version stays, so that a write at the same time does not conflict. It creates no record, and revives no
    /// expired one.
    /// </summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="idleExpiresAt">The new idle end.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    /// <returns>False: there is no record, or it has expired.</returns>
    ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes the record, expired or not, and then its index entry. A record that cannot be read is deleted too,
    /// before <see cref="InvalidDataException"/> is raised. Deleting must not need room, so that sessions can end on a
    /// full store.
    /// </summary>
    /// <param name="key">The key of the record.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    /// <returns>The deleted record; null if there was none.</returns>
    ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes at most 100 records, when many sessions are ended. Default: calls <see cref="DeleteAsync"/> for all keys
    /// at once; implement it if the store can delete many records in one round trip. If it raises an exception, some of
    /// them may be deleted.
    /// </summary>
    /// <param name="keys">The keys of the records.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    /// <returns>
    /// The deleted records with their keys, in any order; null for a record that could not be read, which is deleted
    /// too.
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
    /// Whether an exception of a write shows that certainly nothing was written, because the store is read-only or
    /// full. Default: false; the outcome is unknown (<see cref="SessionStoreException.MayHaveBeenSaved"/>).
    /// </summary>
    /// <param name="exception">An exception that a write of this driver raised.</param>
    bool IsRefusal(Exception exception) => false;

    /// <summary>
    /// Deletes the records that are <see cref="StoredSession.IsPurgeable"/>. The library calls it each minute. Default:
    /// does nothing, for stores that expire records themselves.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two records.</param>
    /// <returns>The number of deleted records.</returns>
    ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken) => new(0);

    /// <summary>Raises an exception if the store does not answer. Default: does nothing.</summary>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    ValueTask PingAsync(CancellationToken cancellationToken) => default;

    /// <summary>
    /// Frees what the driver itself opened, when the application ends. It may be called twice, since a container that
    /// created the driver disposes it too. Default: disposes a driver that is <see cref="IAsyncDisposable"/> or
    /// <see cref="IDisposable"/>.
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
