using Microsoft.FSharp.Core;

namespace Runa.Session;

/// <summary>A step of C# in the form that the library runs.</summary>
internal sealed class StepFunc<TResult>(RequestSession request, Func<RunaSession, TResult> step)
    : FSharpFunc<Session, ValueTuple<Session, TResult>>
{
    public override ValueTuple<Session, TResult> Invoke(Session given)
    {
        request.IsStepping = true;

        try
        {
            return RunaSession.Attempt(given, step);
        }
        finally
        {
            request.IsStepping = false;
        }
    }
}
