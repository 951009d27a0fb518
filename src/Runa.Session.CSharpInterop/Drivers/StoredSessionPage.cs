namespace Runa.Session;

/// <summary>One page of what an <see cref="ISessionOwnerIndex"/> lists.</summary>
public sealed class StoredSessionPage
{
    private const int Most = 100;

    /// <summary>A page.</summary>
    /// <param name="items">At most 100 records, with the keys under which they stand.</param>
    /// <param name="next">Where the next page begins; null: this is the last.</param>
    /// <exception cref="ArgumentException">There are more than 100.</exception>
    public StoredSessionPage(IReadOnlyList<KeyValuePair<StoreKey, StoredSession>> items, string? next = null)
    {
        ArgumentNullException.ThrowIfNull(items);

        if (items.Count > Most)
        {
            throw new ArgumentException($"A page holds at most {Most} records, not {items.Count}.", nameof(items));
        }

        Items = items;
        Next = next;
    }

    /// <summary>The records, with the keys under which they stand.</summary>
    public IReadOnlyList<KeyValuePair<StoreKey, StoredSession>> Items { get; }

    /// <summary>Where the next page begins; null: this is the last.</summary>
    public string? Next { get; }

    /// <summary>How many, and none of them.</summary>
    public override string ToString() => $"{nameof(StoredSessionPage)} ({Items.Count} items)";
}
