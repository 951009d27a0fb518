using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Runa.Session.Hosting;

namespace Runa;

/// <summary>
/// The sessions of a Blazor component, wherever it runs: those of the request while it is rendered statically or
/// prerendered, and those of the browser that opened the circuit while it is interactive. It is a scoped service.
/// </summary>
/// <remarks>
/// Each call in a circuit loads the session from the store, so it sees what other requests have stored. A circuit has no
/// response: a change that must set or expire the cookie raises <see cref="InvalidOperationException"/> there.
/// </remarks>
public sealed class RunaComponentSessions
{
    private const string NoAsync =
        "The step must be pure and must not be async: it runs again if another request saved first. Await before it.";

    private const string Overloads = "The overloads differ in the type of the step, by which the compiler tells them apart.";

    private readonly SessionRegistry _registry;
    private readonly IHttpContextAccessor _request;
    private CircuitHost? _circuit;

    internal RunaComponentSessions(SessionRegistry registry, IHttpContextAccessor request)
    {
        _registry = registry;
        _request = request;
    }

    /// <summary>Reads the session.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="read">
    /// Returns what it reads. It must not change the session. In a circuit, the session's status is
    /// <see cref="SessionStatus.Expired"/> once it has ended or moved to a new id.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The function changed the session, there is no session of this name, or there is neither a request nor a circuit.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the store had answered.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public Task<TResult> ReadAsync<TResult>(
        string name,
        Func<RunaSession, TResult> read,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(read);
        return LoadedAsync(name, read, cancellationToken);
    }

    /// <summary>
    /// Loads the session, runs the step and commits its changes. The step must be pure: if another request saved first,
    /// the step runs again on the newer session, so that no update is lost.
    /// </summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">Changes the session that it is given.</param>
    /// <param name="cancellationToken">Ends the wait before the write. A write that has begun is finished first.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The change needs a cookie, and this is a circuit or the response has started; there is no session of this name,
    /// or there is neither a request nor a circuit.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled before the write had begun: nothing was saved.
    /// </exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionConflictException">
    /// The session has ended or kept changing meanwhile. Nothing was saved.
    /// </exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    /// <exception cref="SessionUnprovenException">
    /// The request or circuit does not prove that it comes from the session's device
    /// (<see cref="RunaSessionOptions.DeviceBound"/>). Nothing was saved.
    /// </exception>
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public Task UpdateAsync(string name, Action<RunaSession> step, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(step);

        return UpdatedAsync<object?>(
            name,
            session =>
            {
                step(session);
                return null;
            },
            cancellationToken);
    }

    /// <summary>Like the other, and returns the result of the attempt that was committed.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">Changes the session that it is given, and returns a result.</param>
    /// <param name="cancellationToken">The same as for the other.</param>
    /// <exception cref="ArgumentException">The step returns a task: it cannot be async.</exception>
    /// <inheritdoc cref="UpdateAsync(string, Action{RunaSession}, CancellationToken)" path="/exception"/>
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public Task<TResult> UpdateAsync<TResult>(
        string name,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(step);

        return Awaitable<TResult>.Is
            ? throw new ArgumentException(NoAsync, nameof(step))
            : UpdatedAsync(name, step, cancellationToken);
    }

    /// <summary>Do not use this: a step cannot be async.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">An async step.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [Obsolete(NoAsync, error: true)]
    [ExcludeFromCodeCoverage]
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    [SuppressMessage("Performance", "CA1822", Justification = "An overload of methods that are not static.")]
    public Task UpdateAsync(string name, Func<RunaSession, Task> step, CancellationToken cancellationToken = default) =>
        throw new ArgumentException(NoAsync, nameof(step));

    /// <summary>Do not use this: a step cannot be async.</summary>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">An async step.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [Obsolete(NoAsync, error: true)]
    [ExcludeFromCodeCoverage]
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    [SuppressMessage("Performance", "CA1822", Justification = "An overload of methods that are not static.")]
    public Task UpdateAsync<TResult>(
        string name,
        Func<RunaSession, Task<TResult>> step,
        CancellationToken cancellationToken = default) =>
        throw new ArgumentException(NoAsync, nameof(step));

    /// <summary>The session of the request, for a cascading value. Null in a circuit.</summary>
    internal RunaSession? OfRequest(string name) => _circuit is null ? _request.HttpContext?.GetRunaSession(name) : null;

    /// <summary>The circuit runs for the browser that has these cookies.</summary>
    internal void Connect(string cookies) => _circuit = new CircuitHost(cookies, HostedRegistry.now(_registry));

    /// <summary>The owner of a session that is alive, read without moving its idle end. Null: nobody is signed in.</summary>
    internal async Task<string?> FindOwnerAsync(string name)
    {
        ValueTask<SessionValue> peeking;

        using (WithoutContext.Enter())
        {
            peeking = Scope(name).Peek();
        }

        var peeked = await peeking.ConfigureAwait(false);
        Know(name, peeked);
        return SessionModule.owner(peeked)?.Value;
    }

    private void Know(string name, SessionValue found)
    {
        if (SessionModule.status(found).IsActive)
        {
            _circuit?.Know(name);
        }
    }

    private SessionScope Scope(string name) =>
        _circuit is { } circuit ? HostedRegistry.scope(name, circuit, _registry)
        : _request.HttpContext is { } context ? Scopes.Find(context, name)
        : throw new InvalidOperationException(
            "RunaComponentSessions is used outside a request and outside a circuit. Use it in components; elsewhere use the service RunaSessions. In interactive components, call AddInteractiveServerComponents().AddRunaSession().");

    private async Task<TResult> LoadedAsync<TResult>(string name, Func<RunaSession, TResult> read, CancellationToken cancellationToken)
    {
        var loaded = await Scopes.Load(Scope(name), cancellationToken).ConfigureAwait(false);
        Know(name, loaded);
        var (session, result) = RunaSession.Attempt(loaded, read);

        return ReferenceEquals(session, loaded) ? result : throw new InvalidOperationException(
            $"The function given to ReadAsync changed the session \"{name}\". Use UpdateAsync, which saves the change.");
    }

    private async Task<TResult> UpdatedAsync<TResult>(string name, Func<RunaSession, TResult> step, CancellationToken cancellationToken)
    {
        var scope = Scope(name);

        var (result, _) = _circuit is null
            ? await Scopes.Step(scope, step, cancellationToken).ConfigureAwait(false)
            : await Scopes.StepInCircuit(scope, step, cancellationToken).ConfigureAwait(false);

        return result;
    }
}
