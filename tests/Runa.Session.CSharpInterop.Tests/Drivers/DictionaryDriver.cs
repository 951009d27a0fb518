namespace CSharp.Tests.Drivers;

/// <summary>Sessions in a dictionary, a JSON document each, for applications of one process.</summary>
public sealed partial class DictionaryDriver(TimeProvider clock) : ISessionDriver
{
    private readonly Lock _turn = new();
    private readonly SweepClock _sweep = new(clock);
    private readonly Dictionary<StoreKey, byte[]> _documents = [];

    public string Name => "dictionary";

    public IOwnerIndex Owners => this;

    public ValueTask<StoredSession?> LoadAsync(StoreKey key, CancellationToken cancellationToken) =>
        Alone(() => Find(key));

    public ValueTask<bool> CreateAsync(StoreKey key, StoredSession session, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            if (_documents.ContainsKey(key))
            {
                return false;
            }

            Write(key, session);
            return true;
        });

    public ValueTask<ReplaceResult> ReplaceAsync(
        StoreKey key, long expectedVersion, StoredSession session, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            if (FindLiving(key) is not { } current)
            {
                return ReplaceResult.Missing;
            }

            if (current.Version != expectedVersion)
            {
                return ReplaceResult.Conflict(current);
            }

            Remove(key, current);
            Write(key, session);
            return ReplaceResult.Replaced;
        });

    public ValueTask<bool> TouchAsync(StoreKey key, DateTimeOffset idleExpiresAt, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            if (FindLiving(key) is not { } current)
            {
                return false;
            }

            Write(key, current.Touch(idleExpiresAt));
            return true;
        });

    public ValueTask<StoredSession?> DeleteAsync(StoreKey key, CancellationToken cancellationToken) =>
        Alone(() =>
        {
            // Removed before it is read: what cannot be read goes, too.
            if (!_documents.Remove(key, out var document))
            {
                return null;
            }

            var removed = StoredSession.Parse(document);
            RemoveFromIndex(key, removed);
            return removed;
        });

    public ValueTask<int> PurgeExpiredAsync(CancellationToken cancellationToken) =>
        Alone(() => RemoveAll(session => session?.IsPurgeable(_sweep.Now) ?? false).Count);

    /// <summary>Nobody else reads or writes while one method does.</summary>
    private ValueTask<T> Alone<T>(Func<T> work)
    {
        lock (_turn)
        {
            return new(work());
        }
    }

    private StoredSession? Find(StoreKey key) =>
        _documents.TryGetValue(key, out var document) ? StoredSession.Parse(document) : null;

    private StoredSession? FindLiving(StoreKey key) =>
        Find(key) is { } found && !found.IsExpired(clock.GetUtcNow()) ? found : null;

    private void Write(StoreKey key, StoredSession session)
    {
        AddToIndex(key, session); // before the record
        _documents[key] = session.ToUtf8Json();
    }

    private void Remove(StoreKey key, StoredSession session)
    {
        _documents.Remove(key);
        RemoveFromIndex(key, session);
    }

    private static StoredSession? TryParse(byte[] document)
    {
        try
        {
            return StoredSession.Parse(document);
        }
        catch (InvalidDataException)
        {
            return null; // damaged, or of a newer format
        }
    }

    /// <summary>Removes what `which` picks (null: cannot be read), and returns what could be read of it.</summary>
    private List<StoredSession> RemoveAll(Predicate<StoredSession?> which)
    {
        var removed = new List<StoredSession>();

        foreach (var (key, document) in _documents.ToList())
        {
            var session = TryParse(document);

            if (!which(session))
            {
                continue;
            }

            _documents.Remove(key);

            if (session is not null)
            {
                RemoveFromIndex(key, session);
                removed.Add(session);
            }
        }

        return removed;
    }
}
