using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>Makes an F# function from a step written in C#.</summary>
internal sealed class StepFunc<TResult>(Func<RunaSession, TResult> step)
    : FSharpFunc<SessionValue, ValueTuple<SessionValue, TResult>>
{
    public override ValueTuple<SessionValue, TResult> Invoke(SessionValue given) => RunaSession.Attempt(given, step);
}
