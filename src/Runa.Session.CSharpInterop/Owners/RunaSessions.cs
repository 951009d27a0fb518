using Microsoft.FSharp.Collections;

namespace Runa;

/// <summary>
/// The sessions of the application, from outside of any request: listing and ending those of an owner, on every driver that
/// can ("memory", "sql", "redis"). A service of the application.
/// </summary>
/// <remarks>
/// A token that is cancelled before the call, or midway, ends the waiting at once. What has ended by then stays ended, the
/// call of the store that is under way goes on, and what is left may be ended by calling again.
/// </remarks>
public sealed class RunaSessions
{
    private readonly SessionRegistry _registry;

    internal RunaSessions(SessionRegistry registry) => _registry = registry;

    /// <summary>The registered sessions, in the order of their registration.</summary>
    public IReadOnlyList<RegisteredSession> Registered =>
        [.. SessionRegistryModule.info(_registry).Select(info => new RegisteredSession(info))];

    /// <summary>The living sessions of an owner.</summary>
    /// <param name="name">The name that the sessions are registered under.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="cancellationToken">Ends the waiting for the listing.</param>
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

    /// <summary>Ends one session of the owner.</summary>
    /// <param name="name">The name that the session is registered under.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="handle">As <see cref="ListAsync"/> gave it.</param>
    /// <param name="cancellationToken">Ends the waiting; the session may be ended all the same.</param>
    /// <returns>False: the owner has no such session.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">The store failed meanwhile: some sessions have ended, others may live on.</exception>
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

    /// <summary>Ends all sessions of the owner; a sign-in that races it loses.</summary>
    /// <param name="name">The name that the sessions are registered under.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="cancellationToken">Ends it between sessions.</param>
    /// <returns>How many ended.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">The store failed meanwhile: some sessions have ended, others may live on.</exception>
    public Task<int> RevokeOwnerAsync(string name, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);

        using (WithoutContext.Enter())
        {
            return SessionRegistryModule.revokeOwner(name, owner, cancellationToken, _registry);
        }
    }

    /// <summary>Ends all sessions of this session's owner but this one; none where nobody is signed in.</summary>
    /// <param name="session">The one that stays.</param>
    /// <param name="cancellationToken">Ends it between sessions.</param>
    /// <returns>How many ended.</returns>
    /// <exception cref="ArgumentNullException">The session is null.</exception>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionsLeftException">The store failed meanwhile: some sessions have ended, others may live on.</exception>
    public Task<int> RevokeOthersAsync(RunaSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        return OthersRevokedAsync(session, cancellationToken);
    }

    /// <summary>Ends every session of this name.</summary>
    /// <param name="name">The name that the sessions are registered under.</param>
    /// <param name="cancellationToken">Ends it; what is not ended yet lives on.</param>
    /// <returns>How many ended.</returns>
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

    /// <summary>Deletes what has expired on all drivers now. It happens by itself each minute; where that is under way, this waits for its turn.</summary>
    /// <param name="cancellationToken">Ends it; what has gone by then stays gone.</param>
    /// <returns>How many records went.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">A driver failed; the message names it. All the others were tried.</exception>
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
