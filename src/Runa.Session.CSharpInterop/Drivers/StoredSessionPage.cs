namespace Runa;

/// <summary>A page of records, from <see cref="IOwnerIndex.ListAsync"/>.</summary>
public sealed class StoredSessionPage
{
    private const int Most = 100;

    /// <summary>Creates a page.</summary>
    /// <param name="items">The records with their keys. Together with the unreadable ones, at most 100.</param>
    /// <param name="next">Where the next page begins. Null: this is the last page.</param>
    /// <param name="unreadable">
    /// The keys of records that <see cref="StoredSession.Parse(ReadOnlySpan{byte})"/> refuses.
    /// </param>
    /// <exception cref="ArgumentNullException">The records are null.</exception>
    /// <exception cref="ArgumentException">There are more than 100 records.</exception>
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

    /// <summary>The records with their keys.</summary>
    public IReadOnlyList<KeyValuePair<StoreKey, StoredSession>> Items { get; }

    /// <summary>The keys of the owner's records that cannot be read: they are damaged, or of a newer format.</summary>
    public IReadOnlyList<StoreKey> Unreadable { get; }

    /// <summary>Where the next page begins. Null: this is the last page.</summary>
    public string? Next { get; }

    /// <summary>The number of records. It shows none of them.</summary>
    public override string ToString() => $"{nameof(StoredSessionPage)} ({Items.Count} items)";
}
