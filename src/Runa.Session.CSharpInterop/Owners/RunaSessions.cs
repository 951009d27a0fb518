namespace Runa.Session;

/// <summary>
/// The sessions of the application, from outside of any request: listing and ending those of an owner, on every driver that
/// can ("memory", "sql", "redis"). A service of the application.
/// </summary>
/// <remarks>
/// Its methods raise <see cref="InvalidOperationException"/> for a name that is not registered,
/// <see cref="NotSupportedException"/> on a driver that cannot list by owner, and <see cref="SessionStoreException"/> where
/// the store fails.
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
    /// <param name="cancellationToken">Cancels the listing.</param>
    public async Task<IReadOnlyList<OwnerSession>> ListAsync(
        string name,
        string owner,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(owner);

        var owned = await SessionRegistryModule.forOwner(name, owner, cancellationToken, _registry).ConfigureAwait(false);
        return [.. owned.Select(session => new OwnerSession(session))];
    }

    /// <summary>Ends one session of the owner.</summary>
    /// <param name="name">The name that the session is registered under.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="handle">As <see cref="ListAsync"/> gave it.</param>
    /// <param name="cancellationToken">Cancels before anything is ended.</param>
    /// <returns>False: the owner has no such session.</returns>
    public Task<bool> RevokeAsync(
        string name,
        string owner,
        string handle,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(handle);
        return SessionRegistryModule.revoke(name, owner, handle, cancellationToken, _registry);
    }

    /// <summary>Ends all sessions of the owner; a sign-in that races it loses.</summary>
    /// <param name="name">The name that the sessions are registered under.</param>
    /// <param name="owner">Who signed in.</param>
    /// <param name="cancellationToken">Cancels between sessions.</param>
    /// <returns>How many ended.</returns>
    public Task<int> RevokeOwnerAsync(string name, string owner, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return SessionRegistryModule.revokeOwner(name, owner, cancellationToken, _registry);
    }

    /// <summary>Ends all sessions of this session's owner but this one; none where nobody is signed in.</summary>
    /// <param name="session">The one that stays.</param>
    /// <param name="cancellationToken">Cancels between sessions.</param>
    /// <returns>How many ended.</returns>
    public Task<int> RevokeOthersAsync(RunaSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(session);
        return SessionRegistryModule.revokeOthers(session.Current, cancellationToken, _registry);
    }

    /// <summary>Ends every session of this name.</summary>
    /// <param name="name">The name that the sessions are registered under.</param>
    /// <param name="cancellationToken">Cancels what is not ended yet.</param>
    /// <returns>How many ended.</returns>
    public Task<int> RevokeAllAsync(string name, CancellationToken cancellationToken = default) =>
        SessionRegistryModule.revokeAll(name, cancellationToken, _registry);

    /// <summary>Deletes what has expired on all drivers now. It happens by itself each minute.</summary>
    /// <param name="cancellationToken">Cancels before it begins.</param>
    /// <returns>How many records went.</returns>
    public Task<int> PurgeExpiredAsync(CancellationToken cancellationToken = default) =>
        SessionRegistryModule.purgeExpired(cancellationToken, _registry);
}
