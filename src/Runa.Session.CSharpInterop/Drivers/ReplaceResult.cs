namespace Runa;

/// <summary>The result of <see cref="ISessionDriver.ReplaceAsync"/>.</summary>
public sealed class ReplaceResult
{
    private ReplaceResult(StoredSession? current = null) => Current = current;

    /// <summary>The new record is stored.</summary>
    public static ReplaceResult Replaced { get; } = new();

    /// <summary>There is no record, or it has expired.</summary>
    public static ReplaceResult Missing { get; } = new();

    /// <summary>The stored record has another version, and nothing has changed.</summary>
    /// <param name="current">The stored record.</param>
    /// <exception cref="ArgumentNullException">The record is null.</exception>
    public static ReplaceResult Conflict(StoredSession current)
    {
        ArgumentNullException.ThrowIfNull(current);
        return new ReplaceResult(current);
    }

    /// <summary>The stored record, if the result is a conflict; otherwise null.</summary>
    public StoredSession? Current { get; }

    /// <summary>The kind of the result. It shows neither owner nor values.</summary>
    public override string ToString() =>
        Current is not null ? nameof(Conflict) : this == Replaced ? nameof(Replaced) : nameof(Missing);
}
