using System.Diagnostics.CodeAnalysis;

namespace Runa;

/// <summary>The keys of values that the application names by strings.</summary>
internal static class NamedKeys
{
    public const string Unreferenced =
        "A key that is a string uses System.Text.Json by reflection, which needs types that trimming may remove. Use a SessionKey<T> with SessionCodec.Json(jsonTypeInfo).";

    public const string Dynamic =
        "A key that is a string uses System.Text.Json by reflection, which may need code that native AOT did not compile. Use a SessionKey<T> with SessionCodec.Json(jsonTypeInfo).";

    private static readonly KeyCache<string> s_names = new();

    /// <summary>A key without a codec of its own.</summary>
    [RequiresUnreferencedCode(Unreferenced)]
    [RequiresDynamicCode(Dynamic)]
    public static SessionKey<T> Of<T>(string name) => Keys<T>.All.Find(name, static name => new SessionKey<T>(name));

    /// <summary>A key for asking whether there is a value, whatever its type, and for removing it.</summary>
    public static SessionKey<string> OfAny(string name) =>
        s_names.Find(name, static name => new SessionKey<string>(name, Codec.text));

    private static class Keys<T>
    {
        public static readonly KeyCache<T> All = new();
    }
}
