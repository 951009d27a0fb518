using System.Collections.Concurrent;

namespace Runa;

/// <summary>
/// Keeps keys of one type that were made from names: each new key would inspect its type again. Bounded, because
/// applications may make names from what visitors send.
/// </summary>
internal sealed class KeyCache<T>
{
    private const int Most = 1_000;

    // A longer name is not worth its memory.
    private const int LongestRemembered = 256;
    private readonly ConcurrentDictionary<string, SessionKey<T>> _keys = new(StringComparer.Ordinal);

    /// <summary>The key of this name, which the caller got as its parameter <c>key</c>.</summary>
    public SessionKey<T> Find(string name, Func<string, SessionKey<T>> make)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, "key");

        if (_keys.TryGetValue(name, out var key))
        {
            return key;
        }

        key = make(name);
        return name.Length <= LongestRemembered && _keys.Count < Most ? _keys.GetOrAdd(name, key) : key;
    }
}
