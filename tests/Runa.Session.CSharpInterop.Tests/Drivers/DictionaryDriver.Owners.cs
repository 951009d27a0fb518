namespace CSharp.Tests.Drivers;

public sealed partial class DictionaryDriver : IOwnerIndex
{
    private readonly Dictionary<(string Scope, string Owner), SortedDictionary<string, StoreKey>> _owned = [];
    private readonly Dictionary<(string Scope, string? Owner), (long Number, long At)> _epochs = [];
    private long _epoch;

    public ValueTask<StoredSessionPage> ListAsync(
        string scope, string owner, string? continuationToken, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            if (continuationToken is not null && !StoreKey.TryParse(continuationToken, out _))
            {
                throw new ArgumentException("This is not the Next of a page.", nameof(continuationToken));
            }

            // A page begins after a key, not at a count: what comes and goes meanwhile moves nothing.
            var keys = _owned.GetValueOrDefault((scope, owner)) ?? [];
            var rest = keys.Where(key => string.CompareOrdinal(key.Key, continuationToken) > 0).ToList();
            var page = rest.Take(100).ToList();

            var items = new List<KeyValuePair<StoreKey, StoredSession>>();
            var unreadable = new List<StoreKey>();

            foreach (var (_, key) in page)
            {
                if (!_documents.TryGetValue(key, out var document))
                {
                    continue;
                }

                if (TryParse(document) is { } session)
                {
                    items.Add(new(key, session));
                }
                else
                {
                    unreadable.Add(key);
                }
            }

            return new StoredSessionPage(items, next: page.Count < rest.Count ? page[^1].Key : null, unreadable);
        });

    public ValueTask<OwnerEpoch> GetEpochAsync(string scope, string owner, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            var (ofScope, ofOwner) = (_epochs.GetValueOrDefault((scope, null)), _epochs.GetValueOrDefault((scope, owner)));
            var (number, at) = ofScope.Number > ofOwner.Number ? ofScope : ofOwner;
            return new OwnerEpoch(number, number == 0 ? TimeSpan.MaxValue : Stopwatch.GetElapsedTime(at));
        });

    public ValueTask AdvanceEpochAsync(string scope, string owner, CancellationToken cancellationToken)
    {
        Alone(() => _epochs[(scope, owner)] = (++_epoch, Stopwatch.GetTimestamp()));
        return default;
    }

    public ValueTask<int> DeleteAllAsync(string scope, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            _epochs[(scope, null)] = (++_epoch, Stopwatch.GetTimestamp());

            // Nothing moves meanwhile, and successors are among them: they have the scope of their tombstones.
            return RemoveAll(session => session is null || session.Scope == scope)
                .Count(session => session.Successor is null && !session.IsExpired(clock.GetUtcNow()));
        });

    private void AddToIndex(StoreKey key, StoredSession session)
    {
        if (session.Owner is not { } owner)
        {
            return;
        }

        if (!_owned.TryGetValue((session.Scope, owner), out var keys))
        {
            keys = new(StringComparer.Ordinal);
            _owned.Add((session.Scope, owner), keys);
        }

        keys[key.ToText()] = key;
    }

    private void RemoveFromIndex(StoreKey key, StoredSession session)
    {
        if (session.Owner is { } owner
            && _owned.TryGetValue((session.Scope, owner), out var keys)
            && keys.Remove(key.ToText())
            && keys.Count == 0)
        {
            _owned.Remove((session.Scope, owner));
        }
    }
}
