namespace Runa;

/// <summary>
/// Until it is disposed, code that awaits does not return to the caller's <see cref="SynchronizationContext"/>. The
/// engine's tasks cannot use ConfigureAwait, and a caller that blocks on one of them (in a Blazor circuit or a desktop
/// program) would wait for itself.
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
