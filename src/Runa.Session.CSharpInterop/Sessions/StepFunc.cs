using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>A step of C# in the form that the library runs.</summary>
internal sealed class StepFunc<TResult>(Func<RunaSession, TResult> step)
    : FSharpFunc<SessionValue, ValueTuple<SessionValue, TResult>>
{
    public override ValueTuple<SessionValue, TResult> Invoke(SessionValue given) => RunaSession.Attempt(given, step);
}
