using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// Creates codecs, which say how the values of a key become JSON text and back: <c>new SessionKey&lt;Money&gt;("price",
/// SessionCodec.Create(…))</c>. A key without a codec uses the JSON options of the application, if it has set some
/// (<c>SetJsonOptions</c>), and otherwise System.Text.Json with the library's own options, which refuse types of which
/// they would lose something.
/// </summary>
public static class SessionCodec
{
    /// <summary>
    /// System.Text.Json with the given options, unchanged. The codec refuses nothing: what these options do not store
    /// is lost.
    /// </summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="options">The options. The first use of the codec makes them read-only.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    [RequiresUnreferencedCode("System.Text.Json by reflection needs types that trimming may remove. Use the overload with a JsonTypeInfo.")]
    [RequiresDynamicCode("System.Text.Json by reflection may need code that native AOT did not compile. Use the overload with a JsonTypeInfo.")]
    public static Codec<T> Json<T>(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Codec.jsonWith<T>(options);
    }

    /// <summary>
    /// System.Text.Json with what a <see cref="JsonSerializerContext"/> knows of the type, without reflection:
    /// <c>SessionCodec.Json(ShopJson.Default.Cart)</c>. It works in applications that are trimmed or compiled ahead of
    /// time. The codec refuses nothing: what the context does not store is lost.
    /// </summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="jsonTypeInfo">What the context knows of the type.</param>
    /// <exception cref="ArgumentNullException">The argument is null.</exception>
    public static Codec<T> Json<T>(JsonTypeInfo<T> jsonTypeInfo)
    {
        ArgumentNullException.ThrowIfNull(jsonTypeInfo);
        return Codec.ofTypeInfo(jsonTypeInfo);
    }

    /// <summary>Another JSON library, or functions of your own.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="encode">
    /// Returns exactly one JSON value; otherwise setting the value raises <see cref="ArgumentException"/>. To store a
    /// text that is not JSON, return <c>JsonSerializer.Serialize(text)</c>.
    /// </param>
    /// <param name="decode">
    /// Returns the value of that JSON. If it raises an exception, the value cannot be decoded: it reads as missing, and
    /// stays stored.
    /// </param>
    /// <exception cref="ArgumentNullException">A function is null.</exception>
    public static Codec<T> Create<T>(Func<T, string> encode, Func<string, T> decode)
    {
        ArgumentNullException.ThrowIfNull(encode);
        ArgumentNullException.ThrowIfNull(decode);

        // The codec turns an exception of the decoder into an error.
        return Codec.ofFunctions(
            FuncConvert.FromFunc(encode),
            FuncConvert.FromFunc<string, FSharpResult<T, string>>(text => FSharpResult<T, string>.NewOk(decode(text))));
    }
}
