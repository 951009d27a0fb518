namespace Runa;

/// <summary>How <see cref="ISessionDriver.ReplaceAsync"/> ended.</summary>
public sealed class ReplaceResult
{
    private ReplaceResult(StoredSession? current = null) => Current = current;

    /// <summary>The new record stands.</summary>
    public static ReplaceResult Replaced { get; } = new();

    /// <summary>Nothing is there, or what is there has expired.</summary>
    public static ReplaceResult Missing { get; } = new();

    /// <summary>The version is not the expected one, and nothing has changed.</summary>
    /// <param name="current">The record that stands there now.</param>
    /// <exception cref="ArgumentNullException">The record is null.</exception>
    public static ReplaceResult Conflict(StoredSession current)
    {
        ArgumentNullException.ThrowIfNull(current);
        return new ReplaceResult(current);
    }

    /// <summary>The record that stands there now, where it was a conflict; otherwise null.</summary>
    public StoredSession? Current { get; }

    /// <summary>No owner and no value.</summary>
    public override string ToString() =>
        Current is not null ? nameof(Conflict) : this == Replaced ? nameof(Replaced) : nameof(Missing);
}
