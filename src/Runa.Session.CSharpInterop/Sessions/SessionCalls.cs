namespace Runa.Session;

/// <summary>What is asked of a request's session, without the caller's context.</summary>
internal static class SessionCalls
{
    public static ValueTask<Session> Load(RequestSession request, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return RequestWaiting.load(cancellationToken, request);
        }
    }

    public static ValueTask<Session> Reload(RequestSession request, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return RequestWaiting.reload(cancellationToken, request);
        }
    }

    public static Task Commit(RequestSession request, CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return RequestWaiting.commit(cancellationToken, request);
        }
    }

    public static ValueTask<ValueTuple<TResult, bool>> Step<TResult>(
        RequestSession request,
        Func<RunaSession, TResult> step,
        CancellationToken cancellationToken)
    {
        using (WithoutContext.Enter())
        {
            return RequestWaiting.step(
                cancellationToken,
                WhenGone.StepAgainUnlessOwned,
                new StepFunc<TResult>(step),
                request);
        }
    }
}
