using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// A named session in one request. Behind <c>UseRunaSession</c> what is changed is committed before the first byte of the
/// response, or when the endpoint has ended; inside <c>UpdateRunaSessionAsync</c> it is one attempt, which runs again when
/// another request got there first. It is not thread-safe, and not to be kept beyond its request or its attempt.
/// </summary>
public sealed partial class RunaSession
{
    private readonly SessionScope? _scope;
    private SessionValue? _attempt;

    // A function given to Update is running.
    private bool _isUpdating;

    private RunaSession(SessionScope scope) => _scope = scope;

    private RunaSession(SessionValue attempt) => _attempt = attempt;

    /// <summary>The name it is registered under: "web".</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public string Name => _scope?.Name ?? SessionModule.name(Current);

    /// <summary>Where it stood when this request loaded it.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public SessionStatus Status
    {
        get
        {
            var status = SessionModule.status(Current);
            return status.IsActive ? SessionStatus.Active
                : status.IsExpired ? SessionStatus.Expired
                : SessionStatus.New;
        }
    }

    /// <summary>When it was created; a sign-in starts it again.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public DateTimeOffset CreatedAt => SessionModule.createdAt(Current);

    /// <summary>
    /// When its last request was seen, as precisely as it is stored: a read stores it rarely, and only where there is an
    /// idle timeout.
    /// </summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public DateTimeOffset LastSeenAt => SessionModule.lastSeenAt(Current);

    /// <summary>The absolute end, which no activity moves.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public DateTimeOffset ExpiresAt => SessionModule.expiresAt(Current);

    /// <summary>No values, no flashes, no owner.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public bool IsEmpty => SessionModule.isEmpty(Current);

    /// <summary>
    /// What <see cref="RunaSessions"/> lists it under; null while nothing of it is stored, and with the driver "cookie".
    /// It is no token: it cannot be used as a cookie.
    /// </summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public string? Handle => SessionRegistryModule.handle(Current)?.Value;

    internal SessionValue Current =>
        _attempt
        ?? (_scope is { } scope ? Look(scope) : null)
        ?? throw new InvalidOperationException(
            "This session belongs to an attempt of UpdateRunaSessionAsync that has ended: use it inside of its step only.");

    /// <summary>Removes all values and flashes; identity, owner and claims stay.</summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started and it
    /// needs a cookie.
    /// </exception>
    public void Clear() => Leave(SessionModule.clear(Current));

    /// <summary>
    /// Gives it a new id at the commit, with all values: use it when what the session may do changes. Signing in does so by
    /// itself.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void Regenerate() => Leave(SessionModule.regenerate(Current));

    /// <summary>
    /// Ends it: at the commit it is deleted from the store and the browser's cookie expires. What is set afterwards goes
    /// into a new session.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void Destroy() => Leave(SessionModule.destroy(Current));

    /// <summary>
    /// Sets its absolute lifetime, counted from the sign-in or creation and capped by <see cref="RunaSessionOptions.MaxTtl"/>.
    /// </summary>
    /// <param name="lifetime">More than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started and it
    /// needs a cookie.
    /// </exception>
    public void SetLifetime(TimeSpan lifetime) => Leave(SessionModule.withLifetime(lifetime, Current));

    /// <summary>
    /// Commits what was changed, now: in a stream, a hub or a circuit, which has no end of the endpoint for long. After the
    /// response has started, a change that needs a cookie has already raised where it was made.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the waiting for what this request does to the session already, and for other requests that are ahead. Nothing is
    /// saved then, and what was changed is still to be committed. A write that has begun is finished, and waited for.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// It is an attempt, which is committed when its step has ended; or the response has started and the change needs a cookie.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the write had begun: nothing was saved.</exception>
    /// <exception cref="SessionStoreException">The store failed; nothing is known to be saved.</exception>
    /// <exception cref="SessionConflictException">The session has ended or changed its id meanwhile.</exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        if (_scope is null)
        {
            throw new InvalidOperationException(
                "A step of UpdateRunaSessionAsync is committed when it has ended: do not call CommitAsync in it.");
        }

        await Scopes.Commit(_scope, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Loads it again: in a stream, a hub or a circuit, which outlives what its request loaded. Where it ended meanwhile, or
    /// moved to a new id, it is empty afterwards and its status <see cref="SessionStatus.Expired"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for the store, and for what this request does to the session already.</param>
    /// <exception cref="InvalidOperationException">It is an attempt, or has changes that are not committed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the store had answered.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken = default)
    {
        if (_scope is null)
        {
            throw new InvalidOperationException("A step of UpdateRunaSessionAsync is given the newest session: it cannot be loaded again.");
        }

        await Scopes.Reload(_scope, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Its name and status; no id and no value.</summary>
    public override string ToString() =>
        _scope is { IsLoaded: false } || (_scope ?? (object?)_attempt) is null
            ? nameof(RunaSession)
            : $"RunaSession \"{Name}\" ({Status})";

    /// <summary>The one of this request.</summary>
    internal static RunaSession Of(SessionScope scope)
    {
        if (scope.Tag is not RunaSession session)
        {
            session = new RunaSession(scope);
            scope.Tag = session;
        }

        return session;
    }

    /// <summary>Runs a step on a session of its own, and answers what became of it.</summary>
    internal static (SessionValue Session, TResult Result) Attempt<TResult>(SessionValue given, Func<RunaSession, TResult> step)
    {
        var attempt = new RunaSession(given);

        try
        {
            var result = step(attempt);
            return (attempt.Current, result);
        }
        finally
        {
            attempt._attempt = null;
        }
    }

    /// <summary>A first look by a property cannot await: it blocks the thread until the store has answered.</summary>
    private static SessionValue Look(SessionScope scope)
    {
        if (!scope.IsLoaded)
        {
            Scopes.LoadNow(scope);
        }

        return scope.Current;
    }

    private void Leave(SessionValue next)
    {
        if (_isUpdating || _scope is { IsStepping: true })
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" is changed inside of a step or of an Update's function, which may run again: the change would be lost. Change what the step is given, and answer what Update is to set.");
        }

        if (_scope is null)
        {
            _attempt = next;
        }
        else if (_scope.HasEnded)
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" cannot be changed any more, nothing would commit it: its request has ended, or what UseRunaSession or WithRunaSession is around. Change it before that, or use ctx.UpdateRunaSessionAsync in a request that goes on.");
        }
        else if (!_scope.IsOpen)
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" cannot be changed here, nothing would commit it: put app.UseRunaSession(\"{Name}\") before this endpoint, or use ctx.UpdateRunaSessionAsync.");
        }
        else if (!ReferenceEquals(next, _scope.Current))
        {
            _scope.Leave(next);
        }
    }
}
