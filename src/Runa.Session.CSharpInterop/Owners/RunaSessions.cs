using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// The sessions of the application outside any request: lists and ends the sessions of an owner, on every driver that
/// can ("memory", "sql", "redis"). It is a service of the application.
/// </summary>
/// <remarks>
/// If a token is cancelled, before a call or during it, the wait ends at once. Sessions that have ended by then stay
/// ended, and the current call to the store goes on; another call ends the other sessions.
/// </remarks>
public sealed partial class RunaSessions
{
    private readonly SessionRegistry _registry;

    internal RunaSessions(SessionRegistry registry) => _registry = registry;

    /// <summary>The registered sessions, in the order of their registration.</summary>
    public IReadOnlyList<RegisteredSession> Registered =>
        [.. SessionRegistryModule.info(_registry).Select(info => new RegisteredSession(info))];

    /// <summary>The living sessions of an owner. The one that was used last comes first.</summary>
    /// <param name="name">The name under which the sessions are registered.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="cancellationToken">Ends the wait for the list.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public Task<IReadOnlyList<OwnedSession>> ListAsync(
        string name,
        string owner,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);
        return ListedAsync(name, owner, cancellationToken);
    }

    /// <summary>One living session of an owner, by its handle, in one call to the store.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="handle">
    /// The handle, from <see cref="ListAsync"/> or <see cref="RunaSession.Handle"/>.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    /// <returns>Null: the owner has no such session, or it cannot be read, which is logged.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public Task<OwnedSession?> FindAsync(
        string name,
        string owner,
        string handle,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(handle);
        return FoundAsync(name, owner, handle, cancellationToken);
    }

    /// <summary>Ends one session of the owner.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="handle">The handle, from <see cref="ListAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait; the session may be ended all the same.</param>
    /// <returns>False: the owner has no such session.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">
    /// The store failed meanwhile: some sessions have ended, others may live on.
    /// </exception>
    public Task<bool> RevokeAsync(
        string name,
        string owner,
        string handle,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(handle);

        using (WithoutContext.Enter())
        {
            return SessionRegistryModule.revoke(name, owner, handle, cancellationToken, _registry);
        }
    }

    /// <summary>Ends all sessions of the owner. A sign-in at the same time loses.</summary>
    /// <param name="name">The name under which the sessions are registered.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="cancellationToken">Ends the call between two sessions.</param>
    /// <returns>The number of sessions that were ended.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">
    /// The store failed meanwhile: some sessions have ended, others may live on.
    /// </exception>
    public Task<int> RevokeOwnerAsync(string name, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);

        using (WithoutContext.Enter())
        {
            return SessionRegistryModule.revokeOwner(name, owner, cancellationToken, _registry);
        }
    }

    /// <summary>Ends all sessions of this session's owner except this one. It ends none if nobody is signed in.</summary>
    /// <param name="session">The session that stays.</param>
    /// <param name="cancellationToken">Ends the call between two sessions.</param>
    /// <returns>The number of sessions that were ended.</returns>
    /// <exception cref="ArgumentNullException">The session is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The session belongs to an attempt of <c>UpdateRunaSessionAsync</c> that has ended.
    /// </exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">
    /// The store failed meanwhile: some sessions have ended, others may live on.
    /// </exception>
    public Task<int> RevokeOthersAsync(RunaSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        return OthersRevokedAsync(session, cancellationToken);
    }

    /// <summary>Ends all sessions of this name.</summary>
    /// <param name="name">The name under which the sessions are registered.</param>
    /// <param name="cancellationToken">Ends the call. Sessions that have not ended by then live on.</param>
    /// <returns>The number of sessions that were ended.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public Task<int> RevokeAllAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);

        using (WithoutContext.Enter())
        {
            return SessionRegistryModule.revokeAll(name, cancellationToken, _registry);
        }
    }

    /// <summary>
    /// Counts the live sessions of this name. The driver may look at all records of its store.
    /// </summary>
    /// <param name="name">The name under which the sessions are registered.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot count, such as cache and cookie.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public async Task<SessionCount> CountAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        Task<Session.SessionCount> counting;

        using (WithoutContext.Enter())
        {
            counting = SessionRegistryModule.count(name, cancellationToken, _registry);
        }

        var count = await counting.ConfigureAwait(false);
        return new SessionCount(count.Sessions, count.SignedIn);
    }

    /// <summary>
    /// Deletes expired records on all drivers now. This also happens by itself each minute; if it is under way, the
    /// call waits for its turn.
    /// </summary>
    /// <param name="cancellationToken">Ends the call. What was deleted by then stays deleted.</param>
    /// <returns>The number of deleted records.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">
    /// A driver failed; the message names it. All other drivers were purged.
    /// </exception>
    public Task<int> PurgeExpiredAsync(CancellationToken cancellationToken = default)
    {
        using (WithoutContext.Enter())
        {
            return SessionRegistryModule.purgeExpired(cancellationToken, _registry);
        }
    }

    private async Task<int> OthersRevokedAsync(RunaSession session, CancellationToken cancellationToken)
    {
        Task<int> revoking;

        using (WithoutContext.Enter())
        {
            revoking = SessionRegistryModule.revokeOthers(session.Current, cancellationToken, _registry);
        }

        return await revoking.ConfigureAwait(false);
    }

    private async Task<OwnedSession?> FoundAsync(string name, string owner, string handle, CancellationToken cancellationToken)
    {
        Task<FSharpOption<Session.OwnedSession>?> finding;

        using (WithoutContext.Enter())
        {
            finding = SessionRegistryModule.tryFind(name, owner, handle, cancellationToken, _registry);
        }

        return await finding.ConfigureAwait(false) is { } found ? new OwnedSession(found.Value) : null;
    }

    private async Task<IReadOnlyList<OwnedSession>> ListedAsync(string name, string owner, CancellationToken cancellationToken)
    {
        Task<FSharpList<Session.OwnedSession>> listing;

        using (WithoutContext.Enter())
        {
            listing = SessionRegistryModule.forOwner(name, owner, cancellationToken, _registry);
        }

        return [.. (await listing.ConfigureAwait(false)).Select(session => new OwnedSession(session))];
    }
}
