using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// A named session in one request. Behind <c>UseRunaSession</c> its changes are committed before the first byte of the
/// response, or when the endpoint has ended. Inside <c>UpdateRunaSessionAsync</c> it is one attempt: if another request
/// saved first, the step runs again on another one. It is not thread-safe. Do not keep it beyond its request or
/// attempt.
/// </summary>
public sealed partial class RunaSession
{
    private readonly SessionScope? _scope;
    private readonly SessionValue? _given;
    private SessionValue? _attempt;

    // Whether a function that was given to Update is running.
    private bool _isUpdating;

    private RunaSession(SessionScope scope) => _scope = scope;

    private RunaSession(SessionValue given) => _given = _attempt = given;

    /// <summary>The name under which the session is registered, such as "web".</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string Name => _scope?.Name ?? SessionModule.name(Current);

    /// <summary>Whether the session was new, active or expired when this request loaded it.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public SessionStatus Status
    {
        get
        {
            var status = SessionModule.status(Current);
            return status.IsActive ? SessionStatus.Active
                : status.IsExpired ? SessionStatus.Expired
                : status.IsTaken ? SessionStatus.Taken
                : status.IsUnproven ? SessionStatus.Unproven
                : SessionStatus.New;
        }
    }

    /// <summary>When the session was created. A sign-in sets it anew.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public DateTimeOffset CreatedAt => SessionModule.createdAt(Current);

    /// <summary>
    /// When the last request was seen, as far as it is stored: reads store it rarely, and only if there is an idle
    /// timeout.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public DateTimeOffset LastSeenAt => SessionModule.lastSeenAt(Current);

    /// <summary>The absolute end, which no request moves.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public DateTimeOffset ExpiresAt => SessionModule.expiresAt(Current);

    /// <summary>Whether the session has no values, no flashes and no owner.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public bool IsEmpty => SessionModule.isEmpty(Current);

    /// <summary>
    /// The handle under which <see cref="RunaSessions"/> lists the session. Null: the session is not stored yet, or
    /// uses the driver "cookie". It is no token: it cannot be used as a cookie.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string? Handle => SessionRegistryModule.handle(Current)?.Value;

    internal SessionValue Current =>
        _attempt
        ?? (_scope is { } scope ? Look(scope) : null)
        ?? throw new InvalidOperationException(
            "This session belongs to an attempt of UpdateRunaSessionAsync that has ended: use it only inside its step.");

    /// <summary>Removes all values and flashes; id, owner and claims stay.</summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    public void Clear() => Leave(SessionModule.clear(Current));

    /// <summary>
    /// Gives the session a new id at the commit; all values stay. Use it when the session's rights change. A sign-in
    /// does so by itself.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void Regenerate() => Leave(SessionModule.regenerate(Current));

    /// <summary>
    /// Ends the session: the commit deletes it from the store and expires the browser's cookie. What is set afterwards
    /// goes into a new session.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void Destroy() => Leave(SessionModule.destroy(Current));

    /// <summary>
    /// Sets the absolute lifetime, counted from the sign-in or the creation, and capped by
    /// <see cref="RunaSessionOptions.MaxTtl"/>.
    /// </summary>
    /// <param name="lifetime">More than zero.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    public void SetLifetime(TimeSpan lifetime) => Leave(SessionModule.withLifetime(lifetime, Current));

    /// <summary>The name and the status, but no id and no value.</summary>
    public override string ToString() =>
        _scope is { IsLoaded: false } || (_scope ?? (object?)_attempt) is null
            ? nameof(RunaSession)
            : $"RunaSession \"{Name}\" ({Status})";

    /// <summary>The session object of a request.</summary>
    internal static RunaSession Of(SessionScope scope)
    {
        if (scope.Tag is not RunaSession session)
        {
            session = new RunaSession(scope);
            scope.Tag = session;
        }

        return session;
    }

    /// <summary>
    /// Runs a step on a session object of its own. Returns the changed session and the result of the step.
    /// </summary>
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

    /// <summary>The first look by a property cannot await, so it blocks the thread until the store has answered.</summary>
    private static SessionValue Look(SessionScope scope)
    {
        if (!scope.IsLoaded)
        {
            Scopes.LoadNow(scope);
        }

        return scope.Current;
    }

    private void CheckNotInStep()
    {
        if (_isUpdating || _scope is { IsStepping: true })
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" was changed inside a step, or inside a function given to Update. These may run again, and the change would be lost. Change the session that the step is given, and let the function return what Update is to set.");
        }
    }

    private void Leave(SessionValue next)
    {
        CheckNotInStep();

        if (_scope is null)
        {
            _attempt = next;
        }
        else if (_scope.HasEnded)
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" cannot be changed any more, because nothing would commit it: its request has ended, or everything behind UseRunaSession or WithRunaSession has. Change it before that, or use ctx.UpdateRunaSessionAsync while the request goes on.");
        }
        else if (!_scope.IsOpen)
        {
            throw new InvalidOperationException(
                $"The session \"{Name}\" cannot be changed here, because nothing would commit it: put app.UseRunaSession(\"{Name}\") before this endpoint, or use ctx.UpdateRunaSessionAsync.");
        }
        else if (!ReferenceEquals(next, _scope.Current))
        {
            _scope.Leave(next);
        }
    }
}
