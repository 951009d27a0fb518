using System.Collections.Concurrent;

namespace Runa;

/// <summary>
/// The keys of one type that are known by their names as texts: a key looks into its type once. Bounded, for applications
/// that make up names from what visitors send.
/// </summary>
internal static class KeyCache<T>
{
    private const int Most = 1_000;

    // Longer ones are not worth the memory of being remembered.
    private const int LongestRemembered = 256;
    private static readonly ConcurrentDictionary<string, SessionKey<T>> s_keys = new(StringComparer.Ordinal);

    /// <summary>The key of this name, which callers are given as their parameter <c>key</c>.</summary>
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
