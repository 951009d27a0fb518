using Microsoft.AspNetCore.Http;

namespace Runa.Session;

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
        if (_isAsked && request.IsLoaded)
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

        if (!request.IsLoaded && !request.IsPending)
        {
            throw NotLoaded();
        }

        try
        {
            await SessionCalls.Commit(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _told = request.Uncommitted;
            throw;
        }
    }

    /// <summary>
    /// Loads before anything is asked of it, as asking cannot await. A store that is down fails those requests only that
    /// need the session (promise 25).
    /// </summary>
    internal async Task BeginAsync()
    {
        request.Forgives = Forgives;

        try
        {
            await LoadOnceAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (SessionStoreException e)
        {
            log.NotLoaded(request.Name, e);
        }
    }

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

            KeepId();

            // When the exception is this very failure, trying again could apply twice what the store did save.
            if (!isFailing || !HasFailed)
            {
                await request.CommitUnasked().ConfigureAwait(false);
            }
        }
        catch (Exception e) when (isFailing || options.IgnoreCommitFailures)
        {
            log.NotSaved(request.Name, e);
        }
    }

    private bool HasFailed => _failed is not null && ReferenceEquals(_failed, request.Uncommitted);

    /// <summary>Of a commit that nobody asked for.</summary>
    private bool Forgives(Exception e)
    {
        _failed = request.Uncommitted;

        if (!options.IgnoreCommitFailures && !ReferenceEquals(_failed, _told))
        {
            return false;
        }

        log.NotSaved(request.Name, e);
        return true;
    }

    private async Task LoadOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SessionCalls.Load(request, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionStoreException e) when (request.IsLoaded)
        {
            Log.notTouched(request.NamedSession.Log, request.Name, e);
        }
        catch (SessionStoreException e)
        {
            _fault = e;
            throw;
        }
    }

    /// <summary>A change of what is not there. The answer must not say that it was saved (promise 14).</summary>
    private void Lose() => RequestSessions.lose(request, NotLoaded());

    private SessionStoreException NotLoaded() =>
        new($"The session \"{request.Name}\" could not be loaded, and nothing can be saved in it. The cause is the inner exception.", false, _fault);
}
