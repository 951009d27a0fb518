namespace Runa;

/// <summary>
/// A driver's records by scope (application and session name) and owner: for lists of devices, and for ending an owner's
/// sessions or all. Owners and scopes are texts of any characters, compared ordinally; two that are joined differently are
/// different. An entry without a record does no harm, a record without an entry does: the entry is written first.
/// </summary>
public interface IOwnerIndex
{
    /// <summary>
    /// The owner's records, tombstones included, each at most once: a record that stands all the while
    /// is on exactly one page, whatever comes and goes. So a page begins after a key, not at a count. Those that are
    /// <see cref="StoredSession.IsPurgeable"/> need not be listed; those that have only just expired are, since they may live
    /// by the clock of another node.
    /// </summary>
    /// <param name="scope">Application and session name.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="from">Null: the first page. Otherwise what <see cref="StoredSessionPage.Next"/> of the page before was.</param>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask<StoredSessionPage> ListAsync(
        string scope,
        string owner,
        string? from,
        CancellationToken cancellationToken);

    /// <summary>
    /// The last revocation of the owner, which each <see cref="AdvanceEpochAsync"/> of the owner and each
    /// <see cref="DeleteAllAsync"/> of the scope changes, and nothing else does. A sign-in reads it before and after it creates
    /// its record: when its number differs, or it is younger than the request's load of the session, the sign-in lost a race
    /// against a revocation, and takes its record back.
    /// </summary>
    /// <param name="scope">Application and session name.</param>
    /// <param name="owner">Who signed in; there need not be a record of theirs.</param>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask<OwnerEpoch> GetEpochAsync(string scope, string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the epoch of one owner. It may be forgotten after a while (10 minutes at least), since no sign-in takes that
    /// long.
    /// </summary>
    /// <param name="scope">Application and session name.</param>
    /// <param name="owner">Whose sessions are about to be ended.</param>
    /// <param name="cancellationToken">The time limit.</param>
    ValueTask AdvanceEpochAsync(string scope, string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Changes the epoch of every owner of the scope, then deletes all its records, owned or not, and with a tombstone its
    /// <see cref="StoredSession.Successor"/>: a session that changes its id meanwhile must not get away.
    /// </summary>
    /// <param name="scope">Application and session name.</param>
    /// <param name="cancellationToken">The caller's: it takes as long as there are records.</param>
    /// <returns>How many living sessions ended, neither tombstones nor expired ones.</returns>
    ValueTask<int> DeleteAllAsync(string scope, CancellationToken cancellationToken);
}
