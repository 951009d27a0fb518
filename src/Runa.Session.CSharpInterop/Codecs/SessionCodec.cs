using System.Text.Json;
using Microsoft.FSharp.Core;

namespace Runa;

/// <summary>
/// How values become JSON text and back, for keys: <c>new SessionKey&lt;Money&gt;("price", SessionCodec.Create(…))</c>. A key
/// without a codec takes System.Text.Json with options of the library's own, and refuses types that those would store with
/// losses.
/// </summary>
public static class SessionCodec
{
    /// <summary>System.Text.Json with the options given, unchanged. Nothing is refused: what they lose is lost.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="options">The options; they cannot be changed any more once the codec is used.</param>
    /// <exception cref="ArgumentNullException">The options are null.</exception>
    public static Codec<T> Json<T>(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Codec.jsonWith<T>(options);
    }

    /// <summary>Any other library, or functions of one's own.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="encode">
    /// To exactly one JSON value; setting anything else raises <see cref="ArgumentException"/>. A text of one's own becomes
    /// one by <c>JsonSerializer.Serialize(text)</c>.
    /// </param>
    /// <param name="decode">
    /// From that JSON value. An exception means that it cannot be decoded: the value reads as missing, and is kept.
    /// </param>
    /// <exception cref="ArgumentNullException">A function is null.</exception>
    public static Codec<T> Create<T>(Func<T, string> encode, Func<string, T> decode)
    {
        ArgumentNullException.ThrowIfNull(encode);
        ArgumentNullException.ThrowIfNull(decode);

        // What the decoder raises, the codec makes an error of.
        return Codec.ofFunctions(
            FuncConvert.FromFunc(encode),
            FuncConvert.FromFunc<string, FSharpResult<T, string>>(text => FSharpResult<T, string>.NewOk(decode(text))));
    }
}
