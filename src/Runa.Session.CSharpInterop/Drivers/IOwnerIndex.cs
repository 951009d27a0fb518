namespace Runa;

/// <summary>
/// A driver's records by scope (application and session name) and owner: for lists of devices, and to end the sessions
/// of an owner or of everybody. Owners and scopes may contain any characters, and are compared ordinally; scope "a"
/// with owner "bc" is another pair than scope "ab" with owner "c". An entry without a record does no harm, but a record
/// without an entry does: write the entry first.
/// </summary>
public interface IOwnerIndex
{
    /// <summary>
    /// A page of the owner's records, including tombstones. A record that exists during the whole listing must be on
    /// exactly one page, whatever is added or removed meanwhile; so let a page begin after a key, not at a count.
    /// Records that are <see cref="StoredSession.IsPurgeable"/> may be left out. List those that have only just
    /// expired: they may be alive by another node's clock.
    /// </summary>
    /// <param name="scope">The application and session name.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="continuationToken">
    /// Null: the first page. Otherwise the <see cref="StoredSessionPage.Next"/> of the page before. Applications pass it
    /// on, so it may be any text.
    /// </param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    /// <exception cref="ArgumentException">
    /// The continuation token is not the <see cref="StoredSessionPage.Next"/> of a page. The application sees this
    /// exception as one of its own argument; it does not count as a failure of the store.
    /// </exception>
    ValueTask<StoredSessionPage> ListAsync(
        string scope,
        string owner,
        string? continuationToken,
        CancellationToken cancellationToken);

    /// <summary>
    /// The latest revocation of the owner's sessions. Each <see cref="AdvanceEpochAsync"/> of the owner and each
    /// <see cref="DeleteAllAsync"/> of the scope changes it, and nothing else does. A sign-in reads it before and after
    /// it creates its record. If the number differs, or the revocation is younger than the request's load of the
    /// session, the sign-in has lost against the revocation, and deletes its record again.
    /// </summary>
    /// <param name="scope">The application and session name.</param>
    /// <param name="owner">The owner, who may have no record.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    ValueTask<OwnerEpoch> GetEpochAsync(string scope, string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the epoch of one owner. The store may forget it after 10 minutes, since no sign-in takes that long.
    /// </summary>
    /// <param name="scope">The application and session name.</param>
    /// <param name="owner">The owner whose sessions are about to be ended.</param>
    /// <param name="cancellationToken">Cancelled after the time limit.</param>
    ValueTask AdvanceEpochAsync(string scope, string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the epoch of every owner of the scope. Then it deletes all records of the scope, with and without an
    /// owner, and for each tombstone also its <see cref="StoredSession.Successor"/>, so that no session escapes by
    /// moving to a new id meanwhile.
    /// </summary>
    /// <param name="scope">The application and session name.</param>
    /// <param name="cancellationToken">The caller's token. The call takes as long as there are records.</param>
    /// <returns>The number of living sessions that were deleted: neither tombstones nor expired records count.</returns>
    ValueTask<int> DeleteAllAsync(string scope, CancellationToken cancellationToken);
}
