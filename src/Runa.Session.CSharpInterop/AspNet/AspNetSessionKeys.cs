using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Runa;

/// <summary>
/// The names under which a session stores the values of <c>HttpContext.Session</c>. Keys of the typed API must not have
/// such names.
/// </summary>
internal static class AspNetSessionKeys
{
    /// <summary>The most bytes of UTF-8 that the framework allows: its own format has two bytes for the length.</summary>
    public const int LongestKey = ushort.MaxValue;

    private const string Prefix = "aspnet:";

    /// <summary>Stores the Id. Its name has no colon, so no key of <c>HttpContext.Session</c> has it.</summary>
    public static readonly SessionKey<string> Id = new("aspnet.id", Codec.text);

    // The application's JSON options are not for them: their values are the framework's, not the application's.
    private static readonly KeyCache<byte[]> s_keys = new();

    /// <summary>
    /// The key as the framework would return it: lone surrogates, which UTF-8 cannot express, are replaced.
    /// </summary>
    public static string Normalize(string key)
    {
        ArgumentNullException.ThrowIfNull(key);

        return key.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
            ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key))
            : key;
    }

    /// <summary>The typed key for a normalized key.</summary>
    public static SessionKey<byte[]> Of(string key) => 
        s_keys.Find(Prefix + key, static name => new SessionKey<byte[]>(name, Codec.bytes));

    /// <summary>
    /// Reads the key from the name of a value. False: the value is not one of <c>HttpContext.Session</c>.
    /// </summary>
    public static bool TryRead(string name, [NotNullWhen(true)] out string? key)
    {
        key = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : null;
        return key is not null;
    }
}
