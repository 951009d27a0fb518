namespace Runa;

/// <summary>One page of what an <see cref="IOwnerIndex"/> lists.</summary>
public sealed class StoredSessionPage
{
    private const int Most = 100;

    /// <summary>A page.</summary>
    /// <param name="items">At most 100 records, with the keys under which they stand.</param>
    /// <param name="next">Where the next page begins; null: this is the last.</param>
    /// <param name="unreadable">The keys of records that <see cref="StoredSession.Parse(ReadOnlySpan{byte})"/> refuses.</param>
    /// <exception cref="ArgumentNullException">The records are null.</exception>
    /// <exception cref="ArgumentException">There are more than 100.</exception>
    public StoredSessionPage(
        IReadOnlyList<KeyValuePair<StoreKey, StoredSession>> items,
        string? next = null,
        IReadOnlyList<StoreKey>? unreadable = null)
    {
        ArgumentNullException.ThrowIfNull(items);
        Items = items;
        Next = next;
        Unreadable = unreadable ?? [];
        var count = Items.Count + Unreadable.Count;

        if (count > Most)
        {
            throw new ArgumentException($"A page holds at most {Most} records, not {count}.", nameof(items));
        }
    }

    /// <summary>The records, with the keys under which they stand.</summary>
    public IReadOnlyList<KeyValuePair<StoreKey, StoredSession>> Items { get; }

    /// <summary>The keys of the owner's records that cannot be read: damaged, or of a newer format.</summary>
    public IReadOnlyList<StoreKey> Unreadable { get; }

    /// <summary>Where the next page begins; null: this is the last.</summary>
    public string? Next { get; }

    /// <summary>How many, and none of them.</summary>
    public override string ToString() => $"{nameof(StoredSessionPage)} ({Items.Count} items)";
}
