using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>A step in a circuit: refuses what needs a cookie, in words that help there.</summary>
internal sealed class CircuitStep<TResult>(SessionScope scope, Func<RunaSession, TResult> step)
    : FSharpFunc<SessionValue, ValueTuple<SessionValue, TResult>>
{
    public override ValueTuple<SessionValue, TResult> Invoke(SessionValue given)
    {
        var (session, result) = RunaSession.Attempt(given, step);

        // If the session has ended, the engine says so.
        return SessionModule.status(given).HasEnded || scope.CanCommit(session)
            ? (session, result)
            : throw new InvalidOperationException(
                $"The session \"{scope.Name}\" cannot be changed in this way in an interactive component: the change must set or expire its cookie (a sign-in, a sign-out, a new id or lifetime, or the first value of a visitor without a session), and a circuit has no response. Nothing was saved. Do it in a request: post a form to a static page or an endpoint, or call NavigationManager.NavigateTo(url, forceLoad: true).");
    }
}
