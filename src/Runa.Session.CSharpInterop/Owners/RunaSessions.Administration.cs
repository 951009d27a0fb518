using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSessions
{
    /// <summary>A page of the living sessions of an owner, for one who may have thousands.</summary>
    /// <param name="name">The name under which the sessions are registered.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="next">
    /// Null for the first page; then the <see cref="OwnedSessionPage.Next"/> of the page before, of the same driver and
    /// owner.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the page.</param>
    /// <exception cref="ArgumentNullException">The name or the owner is null.</exception>
    /// <exception cref="ArgumentException">
    /// <paramref name="next"/> is not the <see cref="OwnedSessionPage.Next"/> of a page. The store did not fail.
    /// </exception>
    /// <exception cref="InvalidOperationException">There is no session of this name.</exception>
    /// <exception cref="NotSupportedException">The driver cannot list by owner.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public async Task<OwnedSessionPage> ListPageAsync(
        string name, string owner, string? next = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(owner);
        Task<Session.OwnedSessionPage> listing;

        using (WithoutContext.Enter())
        {
            var from = next is null ? null : FSharpOption<string>.Some(next);
            listing = SessionRegistryModule.forOwnerPage(name, owner, from, cancellationToken, _registry);
        }

        return new OwnedSessionPage(await listing.ConfigureAwait(false));
    }

    /// <summary>
    /// Makes a new session outside a request, runs the step on it and stores it: for tests, links and load tests.
    /// </summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">Sets values, or signs an owner in. It may run again.</param>
    /// <param name="cancellationToken">Ends the call before anything is stored.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no session of this name, or the step left the session empty.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: nothing was stored.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionConflictException">The owner's sessions were ended at the same time.</exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    /// <exception cref="SessionLimitException">The owner has too many sessions.</exception>
    public async Task<IssuedSession> IssueAsync(
        string name, Action<RunaSession> step, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(step);
        Task<Committed> issuing;

        SessionValue Run(SessionValue given) =>
            RunaSession.Attempt<object?>(given, session =>
            {
                step(session);
                return null;
            }).Session;

        using (WithoutContext.Enter())
        {
            issuing = SessionRegistryModule.issue(name, FuncConvert.FromFunc<SessionValue, SessionValue>(Run), cancellationToken, _registry);
        }

        return new IssuedSession(await issuing.ConfigureAwait(false));
    }
}
