namespace Runa;

/// <summary>
/// Until it is disposed, nothing that is awaited goes back to the caller's <see cref="SynchronizationContext"/>: the engine's
/// tasks know no ConfigureAwait, and a caller that blocks on one (in a Blazor circuit, a desktop program) would wait for itself.
/// </summary>
internal readonly ref struct WithoutContext
{
    private readonly SynchronizationContext? _before;

    private WithoutContext(SynchronizationContext before) => _before = before;

    public static WithoutContext Enter()
    {
        if (SynchronizationContext.Current is not { } before)
        {
            return default;
        }

        SynchronizationContext.SetSynchronizationContext(null);
        return new WithoutContext(before);
    }

    public void Dispose()
    {
        if (_before is not null)
        {
            SynchronizationContext.SetSynchronizationContext(_before);
        }
    }
}
