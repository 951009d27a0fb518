using Microsoft.AspNetCore.Http;

namespace Runa;

/// <summary>Calls the scopes of a request's sessions without the caller's synchronization context.</summary>
internal static class Scopes
{
    /// <summary>
    /// Raises InvalidOperationException without AddRunaSession, for a name that is not registered, and if this is the
    /// first session of the request and the response has started.
    /// </summary>
    public static SessionScope Find(HttpContext context, string name) => context.GetSessionScope(
        name,
        static name => $"put app.UseRunaSession(\"{name}\") before whatever writes, or add .WithRunaSession(\"{name}\") to its endpoint");

    /// <summary>Like Find, for a session that is loaded, or that the first look loads.</summary>
    public static SessionScope FindLoaded(HttpContext context, string name)
    {
        var scope = Find(context, name);

        return scope.IsLoaded || scope.IsOpen ? scope : throw new InvalidOperationException(
            $"The session \"{name}\" is not loaded in this request: put app.UseRunaSession(\"{name}\") before this endpoint, add .WithRunaSession(\"{name}\") to it, or use ctx.UpdateRunaSessionAsync or ctx.LoadRunaSessionAsync.");
    }

    /// <summary>Like FindLoaded, and loads the session.</summary>
    public static async ValueTask<RunaSession> LoadAsync(HttpContext context, string name)
    {
        var scope = FindLoaded(context, name);
        await Load(scope, CancellationToken.None).ConfigureAwait(false);
        return RunaSession.Of(scope);
    }

    public static ValueTask<SessionValue> Load(SessionScope scope, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return scope.Load(cancellationToken);
        }
    }

    /// <summary>Blocks the thread until the store has answered.</summary>
    public static void LoadNow(SessionScope scope)
    {
        var loading = Load(scope, CancellationToken.None);

        if (loading.IsCompleted)
        {
            loading.GetAwaiter().GetResult();
        }
        else
        {
            loading.AsTask().GetAwaiter().GetResult();
        }
    }

    public static ValueTask<SessionValue> Reload(SessionScope scope, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return scope.Reload(cancellationToken);
        }
    }

    public static Task Commit(SessionScope scope, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return scope.CommitNow(cancellationToken);
        }
    }

    public static ValueTask<ValueTuple<TResult, bool>> Step<TResult>(
        SessionScope scope,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return scope.Step(WhenGone.StepAgainUnlessOwned, new StepFunc<TResult>(step), cancellationToken);
        }
    }

    /// <summary>Like Step, in a circuit, which has no response.</summary>
    public static ValueTask<ValueTuple<TResult, bool>> StepInCircuit<TResult>(
        SessionScope scope,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return scope.Step(WhenGone.StepAgainUnlessOwned, new CircuitStep<TResult>(scope, step), cancellationToken);
        }
    }
}
