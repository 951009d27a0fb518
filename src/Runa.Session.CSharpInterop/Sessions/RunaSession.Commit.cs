using System.Security.Claims;

namespace Runa;

public sealed partial class RunaSession
{
    /// <summary>
    /// Commits the changes now: for a stream, a hub or a circuit, whose endpoint does not end for a long time. After
    /// the response has started, a change that needs a cookie has already raised where it was made.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the wait for other calls of this request, and for other requests that are ahead. Then nothing was saved,
    /// and the changes are still to be committed. A write that has begun is finished first.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// The session is an attempt, which is committed when its step has ended; or the response has started and the
    /// change needs a cookie.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled before the write had begun: nothing was saved.
    /// </exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionConflictException">
    /// The session has ended or changed its id meanwhile. Nothing was saved, and the change is still to be committed: an
    /// endpoint that catches this exception and answers nevertheless gets it again before the first byte, unless it
    /// calls <see cref="Discard"/>.
    /// </exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    /// <exception cref="SessionLimitException">The owner who signs in has too many sessions.</exception>
    /// <exception cref="SessionUnprovenException">
    /// The request does not prove that it comes from the session's device
    /// (<see cref="RunaSessionOptions.DeviceBound"/>). Nothing was saved.
    /// </exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_scope is null)
        {
            throw new InvalidOperationException(
                "A step of UpdateRunaSessionAsync is committed when it has ended: do not call CommitAsync inside it.");
        }

        await Scopes.Commit(_scope, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Signs the owner in and commits at once, or returns false if the owner has as many sessions as
    /// <see cref="RunaSessionOptions.MaxSessions"/> allows and <see cref="RunaSessionOptions.WhenFull"/> is
    /// <see cref="WhenFull.Refuse"/>. Then this request's uncommitted changes of the session are dropped, too.
    /// </summary>
    /// <param name="owner">The user's id, which never changes. Not a name, which may.</param>
    /// <param name="claims">
    /// What to keep about the owner: the type and value of each claim, once, and nothing else of it.
    /// </param>
    /// <param name="cancellationToken">As for <see cref="CommitAsync"/>.</param>
    /// <exception cref="ArgumentNullException">The owner or a claim is null.</exception>
    /// <exception cref="ArgumentException">
    /// The owner is empty or white space, or it or a claim is not valid Unicode.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The session is an attempt, nothing would commit the change here, or the response has started.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the write had begun.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionConflictException">The session has ended or changed its id meanwhile.</exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    public async Task<bool> TrySignInAsync(
        string owner, IEnumerable<Claim>? claims = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(owner);
        cancellationToken.ThrowIfCancellationRequested();
        SignIn(owner, claims);

        try
        {
            await CommitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SessionLimitException)
        {
            Discard();
            return false;
        }
    }

    /// <summary>
    /// Drops the changes that are not committed yet: after <see cref="CommitAsync"/> has raised an exception, for an
    /// endpoint that answers nevertheless. The session then holds what this request has loaded or committed last;
    /// <see cref="ReloadAsync"/> shows what other requests have stored since. Inside a step it drops what the step has
    /// changed.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// A step or a function given to Update is running, or the session belongs to an attempt that has ended.
    /// </exception>
    public void Discard()
    {
        CheckNotInStep();

        if (_scope is not null)
        {
            _scope.Discard();
        }
        else
        {
            _ = Current;
            _attempt = _given;
        }
    }

    /// <summary>
    /// Loads the session again: for a stream, a hub or a circuit, which outlives what its request loaded. If the
    /// session has ended meanwhile, or moved to a new id, it is empty afterwards, and its status is
    /// <see cref="SessionStatus.Expired"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the store, and for other calls of this request.</param>
    /// <exception cref="InvalidOperationException">
    /// The session is an attempt, or has changes that are not committed.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the store had answered.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken = default)
    {
        if (_scope is null)
        {
            throw new InvalidOperationException("A step of UpdateRunaSessionAsync is given the newest session, which cannot be loaded again.");
        }

        await Scopes.Reload(_scope, cancellationToken).ConfigureAwait(false);
    }
}
