using System.Text.Json;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// Creates codecs, which say how the values of a key become JSON text and back: <c>new SessionKey&lt;Money&gt;("price",
/// SessionCodec.Create(…))</c>. A key without a codec uses System.Text.Json with the library's own options, and refuses
/// types of which these would lose something.
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
    public static Codec<T> Json<T>(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Codec.jsonWith<T>(options);
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
