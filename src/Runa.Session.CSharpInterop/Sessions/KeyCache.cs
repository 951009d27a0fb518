using System.Collections.Concurrent;

namespace Runa;

/// <summary>
/// Keeps the keys of one type that were made from names: each new key would inspect its type again. Bounded, because
/// applications may make names from what visitors send.
/// </summary>
internal static class KeyCache<T>
{
    private const int Most = 1_000;

    // A longer name is not worth its memory.
    private const int LongestRemembered = 256;
    private static readonly ConcurrentDictionary<string, SessionKey<T>> s_keys = new(StringComparer.Ordinal);

    /// <summary>The key of this name, which the caller got as its parameter <c>key</c>.</summary>
    public static SessionKey<T> Find(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, "key");

        if (s_keys.TryGetValue(name, out var key))
        {
            return key;
        }

        key = new SessionKey<T>(name);
        return name.Length <= LongestRemembered && s_keys.Count < Most ? s_keys.GetOrAdd(name, key) : key;
    }
}
