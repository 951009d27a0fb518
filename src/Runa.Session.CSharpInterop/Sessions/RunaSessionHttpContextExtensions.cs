using System.Diagnostics.CodeAnalysis;
using Runa;

namespace Microsoft.AspNetCore.Http;

/// <summary>Gives access to the sessions of a request.</summary>
public static class RunaSessionHttpContextExtensions
{
    private const string NoAsync =
        "The step must be pure and must not be async: it runs again if another request saved first. Await before it, or change the session behind UseRunaSession.";

    private const string Overloads = "The overloads differ in the type of the step, by which the compiler tells them apart, with a token and without.";

    /// <summary>The session of this request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// The session is not loaded in this request, there is no session of this name, or sessions are not configured.
    /// </exception>
    public static RunaSession GetRunaSession(this HttpContext context, string name = RunaSessionDefaults.Name)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(name);
        return RunaSession.Of(Scopes.FindLoaded(context, name));
    }

    /// <summary>
    /// Loads the session, if this request has not loaded it. It can be read then; to change it, put
    /// <c>UseRunaSession</c> before the endpoint, or use <c>UpdateRunaSessionAsync</c>.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no session of this name, or sessions are not configured.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the store had answered.</exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    public static Task<RunaSession> LoadRunaSessionAsync(
        this HttpContext context,
        string name = RunaSessionDefaults.Name,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(name);
        return LoadAsync(context, name, cancellationToken);
    }

    /// <summary>
    /// Loads the session, runs the step and commits its changes. The step must be pure: if another request saved first,
    /// the step runs again on the newer session, so that no update is lost.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">Changes the session that it is given.</param>
    /// <param name="cancellationToken">
    /// Ends the wait for the load, for other calls of this request, and for other requests that are ahead. Then nothing
    /// was saved. A write that has begun is finished first.
    /// </param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no session of this name, sessions are not configured, or the response has started and the change needs
    /// a cookie.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled before the write had begun: nothing was saved.
    /// </exception>
    /// <exception cref="SessionStoreException">The store failed.</exception>
    /// <exception cref="SessionConflictException">The session has ended or kept changing meanwhile.</exception>
    /// <exception cref="SessionTooLargeException">It is over <see cref="RunaSessionOptions.MaxBytes"/>.</exception>
    /// <exception cref="SessionLimitException">The owner who signs in has too many sessions.</exception>
    /// <exception cref="SessionUnprovenException">
    /// The request does not prove that it comes from the session's device
    /// (<see cref="RunaSessionOptions.DeviceBound"/>). Nothing was saved.
    /// </exception>
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public static Task UpdateRunaSessionAsync(
        this HttpContext context,
        string name,
        Action<RunaSession> step,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(step);

        return Update<object?>(
            context,
            name,
            session =>
            {
                step(session);
                return null;
            },
            cancellationToken);
    }

    /// <summary>Like the other, and returns the result of the attempt that was committed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">Changes the session that it is given, and returns a result.</param>
    /// <param name="cancellationToken">The same as for the other.</param>
    /// <exception cref="ArgumentException">The step returns a task: it cannot be async.</exception>
    /// <inheritdoc cref="UpdateRunaSessionAsync(HttpContext, string, Action{RunaSession}, CancellationToken)" path="/exception"/>
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public static Task<TResult> UpdateRunaSessionAsync<TResult>(
        this HttpContext context,
        string name,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(step);

        return Awaitable<TResult>.Is
            ? throw new ArgumentException(NoAsync, nameof(step))
            : Update(context, name, step, cancellationToken);
    }

    /// <summary>Do not use this: a step cannot be async.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">An async step.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [Obsolete(NoAsync, error: true)]
    [ExcludeFromCodeCoverage]
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public static Task UpdateRunaSessionAsync(
        this HttpContext context,
        string name,
        Func<RunaSession, Task> step,
        CancellationToken cancellationToken = default) => throw new ArgumentException(NoAsync, nameof(step));

    /// <summary>Do not use this: a step cannot be async.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The name under which the session is registered.</param>
    /// <param name="step">An async step.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <exception cref="ArgumentException">Always.</exception>
    [Obsolete(NoAsync, error: true)]
    [ExcludeFromCodeCoverage]
    [SuppressMessage("ApiDesign", "RS0026", Justification = Overloads)]
    public static Task UpdateRunaSessionAsync<TResult>(
        this HttpContext context,
        string name,
        Func<RunaSession, Task<TResult>> step,
        CancellationToken cancellationToken = default) => throw new ArgumentException(NoAsync, nameof(step));

    private static async Task<RunaSession> LoadAsync(HttpContext context, string name, CancellationToken cancellationToken)
    {
        var scope = Scopes.Find(context, name);
        await Scopes.Load(scope, cancellationToken).ConfigureAwait(false);
        return RunaSession.Of(scope);
    }

    private static async Task<TResult> Update<TResult>(
        HttpContext context,
        string name,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken) =>
        (await Scopes.Step(Scopes.Find(context, name), step, cancellationToken).ConfigureAwait(false)).Item1;
}
