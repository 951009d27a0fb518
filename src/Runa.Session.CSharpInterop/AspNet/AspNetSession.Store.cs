using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>Loading and committing.</summary>
internal sealed partial class AspNetSession
{
    // Why it could not be loaded.
    private SessionStoreException? _fault;

    // The changes whose commit has failed, and the changes whose failure CommitAsync has raised to the application.
    private (object? Failed, object? Raised) _changes;

    public async Task LoadAsync(CancellationToken cancellationToken = default)
    {
        if (_isAsked && Scope.IsLoaded)
        {
            return;
        }

        cancellationToken.ThrowIfCancellationRequested();
        await LoadOnceAsync(cancellationToken).ConfigureAwait(false);
        _isAsked = true;
    }

    /// <summary>
    /// The token ends the wait for other requests that are ahead. A write that has begun is finished first (promise
    /// 15). So if the token ended the call, nothing was saved, and the changes are still to be committed.
    /// </summary>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        if (!_offer.IsAsked || (_fault is null && !Scope.IsLoaded && !Scope.IsChanged))
        {
            // Nobody has looked at it: there is nothing to save.
            return;
        }

        if (!Scope.IsLoaded && !Scope.IsChanged)
        {
            throw NotLoaded();
        }

        try
        {
            await Scopes.Commit(Scope, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _changes.Raised = Scope.Uncommitted;
            throw;
        }
    }

    /// <summary>Ends the offer of the session.</summary>
    public void Dispose() => _offer.Dispose();

    /// <summary>Commits what is not committed yet.</summary>
    /// <param name="left">The session in the request's feature: a library may have put its own around this one.</param>
    /// <param name="isFailing">Whether the application raised an exception. Nothing that fails here may replace it.</param>
    internal async Task EndAsync(ISession? left, bool isFailing)
    {
        try
        {
            if (left is not null && !ReferenceEquals(left, this))
            {
                await left.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            if (!_offer.IsAsked)
            {
                return;
            }

            KeepId();

            // If the exception is the failure of this commit, another try could apply changes twice that the store did save.
            if (!isFailing || !HasFailed)
            {
                await CommitUnaskedAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (isFailing || _options.IgnoreCommitFailures)
        {
            _log.NotSaved(Scope.Name, e);
        }
    }

    private bool HasFailed => _changes.Failed is not null && ReferenceEquals(_changes.Failed, Scope.Uncommitted);

    private async Task CommitUnaskedAsync()
    {
        try
        {
            await Scope.Commit().ConfigureAwait(false);
        }
        catch (Exception e) when (Forgives(e))
        {
            Scope.Discard();
        }
    }

    /// <summary>
    /// Loads the session, if it is not loaded, and returns whether it is loaded now. The caller cannot await, so this
    /// blocks the thread until the store has answered. If the store is down, only requests that need the session fail
    /// (promise 25).
    /// </summary>
    private bool TryLoad()
    {
        if (!Scope.IsLoaded && _fault is null)
        {
            try
            {
                Scopes.LoadNow(Scope);
            }
            catch (SessionStoreException e) when (Scope.IsLoaded)
            {
                _log.NotTouched(Scope.Name, e);
            }
            catch (SessionStoreException e)
            {
                _fault = e;
                _log.NotLoaded(Scope.Name, e);
            }
        }

        return Scope.IsLoaded;
    }

    /// <summary>Whether to drop changes whose commit has failed. No code asked for that commit.</summary>
    private bool Forgives(Exception e)
    {
        _changes.Failed = Scope.Uncommitted;

        if (!_options.IgnoreCommitFailures && !ReferenceEquals(_changes.Failed, _changes.Raised))
        {
            return false;
        }

        _log.NotSaved(Scope.Name, e);
        return true;
    }

    private async Task LoadOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Scopes.Load(Scope, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionStoreException e) when (Scope.IsLoaded)
        {
            _log.NotTouched(Scope.Name, e);
        }
        catch (SessionStoreException e)
        {
            _fault = e;
            throw;
        }
    }

    /// <summary>
    /// Records that a session was changed which could not be loaded: no response may say that this was saved (promise
    /// 14).
    /// </summary>
    private void Lose() => Scope.Fail(NotLoaded());

    private SessionStoreException NotLoaded() =>
        new($"The session \"{Scope.Name}\" could not be loaded, and nothing can be saved in it. The cause is the inner exception.", false, _fault);
}
