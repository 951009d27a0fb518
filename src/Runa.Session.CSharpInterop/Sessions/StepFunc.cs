using Microsoft.FSharp.Core;

namespace Runa.Session;

/// <summary>A step of C# in the form that the library runs.</summary>
internal sealed class StepFunc<TResult>(Func<RunaSession, TResult> step)
    : FSharpFunc<Session, ValueTuple<Session, TResult>>
{
    public override ValueTuple<Session, TResult> Invoke(Session given) => RunaSession.Attempt(given, step);
}
