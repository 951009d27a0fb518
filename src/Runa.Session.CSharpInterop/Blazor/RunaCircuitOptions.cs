namespace Runa;

/// <summary>Options of sessions in interactive components.</summary>
public sealed class RunaCircuitOptions
{
    private TimeSpan _revalidationInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a circuit checks that the session of its user is still alive: the longest time that somebody who was
    /// signed out elsewhere stays signed in on a page that is open. Default: 30 seconds. Each check is one read of the
    /// store, and does not move the idle end.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public TimeSpan RevalidationInterval
    {
        get => _revalidationInterval;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            _revalidationInterval = value;
        }
    }
}
