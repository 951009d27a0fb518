using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>Loading and committing.</summary>
internal sealed partial class AspNetSession
{
    // Why it could not be loaded.
    private SessionStoreException? _fault;

    // The changes whose commit has failed, and those of which the application was told so by CommitAsync.
    private object? _failed;
    private object? _told;

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
    /// The token ends the waiting for others that are ahead; a write that has begun is finished, and waited for (promise 15).
    /// So what is cancelled was not saved, and is still to be committed.
    /// </summary>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        if (!offer.IsAsked || (_fault is null && !Scope.IsLoaded && !Scope.IsChanged))
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
            _told = Scope.Uncommitted;
            throw;
        }
    }

    /// <summary>What is asked of the scope around what follows.</summary>
    internal ScopePolicy Policy => new() { Forgives = Forgives, ForbidsCaching = true };

    /// <summary>Commits what is not committed yet.</summary>
    /// <param name="left">What stands in the feature: a library may have put its own session around this one.</param>
    /// <param name="isFailing">An exception passes through, and nothing here takes its place.</param>
    internal async Task EndAsync(ISession? left, bool isFailing)
    {
        try
        {
            if (left is not null && !ReferenceEquals(left, this))
            {
                await left.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            if (!offer.IsAsked)
            {
                return;
            }

            KeepId();

            // When the exception is this very failure, trying again could apply twice what the store did save.
            if (!isFailing || !HasFailed)
            {
                await CommitUnaskedAsync().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (isFailing || options.IgnoreCommitFailures)
        {
            log.NotSaved(Scope.Name, e);
        }
    }

    private bool HasFailed => _failed is not null && ReferenceEquals(_failed, Scope.Uncommitted);

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
    /// Whether it is loaded. Asking cannot await: where nothing was loaded yet, this blocks the thread until the store has
    /// answered. A store that is down fails those requests only that need the session (promise 25).
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
                log.NotTouched(Scope.Name, e);
            }
            catch (SessionStoreException e)
            {
                _fault = e;
                log.NotLoaded(Scope.Name, e);
            }
        }

        return Scope.IsLoaded;
    }

    /// <summary>Of a commit that nobody asked for.</summary>
    private bool Forgives(Exception e)
    {
        _failed = Scope.Uncommitted;

        if (!options.IgnoreCommitFailures && !ReferenceEquals(_failed, _told))
        {
            return false;
        }

        log.NotSaved(Scope.Name, e);
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
            log.NotTouched(Scope.Name, e);
        }
        catch (SessionStoreException e)
        {
            _fault = e;
            throw;
        }
    }

    /// <summary>A change of what is not there. The answer must not say that it was saved (promise 14).</summary>
    private void Lose() => Scope.Fail(NotLoaded());

    private SessionStoreException NotLoaded() =>
        new($"The session \"{Scope.Name}\" could not be loaded, and nothing can be saved in it. The cause is the inner exception.", false, _fault);
}
