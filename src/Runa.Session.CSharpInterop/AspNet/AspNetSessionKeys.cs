using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Runa;

/// <summary>
/// Where the values of <c>HttpContext.Session</c> stand among those of the session: under names that keys of the typed API
/// are not given.
/// </summary>
internal static class AspNetSessionKeys
{
    /// <summary>What the framework allows, in UTF-8: its own format has two bytes for the length.</summary>
    public const int LongestKey = ushort.MaxValue;

    private const string Prefix = "aspnet:";

    /// <summary>Where its Id stands: without the colon, so no key can be it.</summary>
    public static readonly SessionKey<string> Id = new("aspnet.id");

    /// <summary>The key as the framework gives it back: lone surrogates, which UTF-8 cannot say, are replaced.</summary>
    public static string Normalize(string key)
    {
        ArgumentNullException.ThrowIfNull(key);

        return key.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
            ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key))
            : key;
    }

    /// <summary>The typed key of a key that is normalized.</summary>
    public static SessionKey<byte[]> Of(string key) => KeyCache<byte[]>.Find(Prefix + key);

    /// <summary>The key that a name stands for, if it is one of ours.</summary>
    public static bool TryRead(string name, [NotNullWhen(true)] out string? key)
    {
        key = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : null;
        return key is not null;
    }
}
