namespace Runa.Session

open System.Text.Json

/// How a value becomes JSON text and back. Made by the functions of the module Codec.
[<Sealed>]
type Codec<'T> =
    internal new:
        encode: ('T -> string) *
        decode: (string -> Result<'T, string>) *
        difference: ('T -> 'T -> string | null) *
        verdict: System.Lazy<Verdict> ->
            Codec<'T>

    /// What is known of the type before any value is.
    member internal Verdict: Verdict

    /// Exactly one JSON value, or an exception that does not contain it.
    member internal Encode: value: 'T -> string

    /// What of the value would not come back from the text that it was encoded as, or null; nothing of the value is in it.
    member internal Loss: value: 'T * text: string -> string | null

    /// Never raises: what the decoder throws is an Error.
    member internal Decode: text: string -> Result<'T, string>

/// Makes codecs.
[<RequireQualifiedAccess>]
module Codec =
    /// System.Text.Json with options of the library's own: property names as declared, fields included, strict numbers, no
    /// duplicate properties, F# records complete (a missing or null field that is not an option is a decode error),
    /// unions without fields as strings. A type that would silently lose something (a union with fields, an option in an
    /// option, bigint, an abstract base, a field of a class that no stored property stands for) raises NotSupportedException
    /// at the first use of its key, and a value that would not come back as it is (a Some of null, half a surrogate pair) where
    /// it is set. What is written is read again and compared: the first value of each key, and every value of a type in
    /// which code of the application's takes part (a converter, a property or constructor that computes something).
    val json<'T> : Codec<'T>

    /// System.Text.Json with the options given, unchanged. Nothing is refused: what they lose is lost.
    val jsonWith: options: JsonSerializerOptions -> Codec<'T>

    /// Any other library: an encoder to JSON text, and a decoder whose Error says what is wrong. With Thoth.Json.Net:
    /// `Codec.ofFunctions (encoder >> Encode.toString 0) (Decode.fromString decoder)`.
    /// The encoder's text must be exactly one JSON value, or setting it raises ArgumentException.
    val ofFunctions: encode: ('T -> string) -> decode: (string -> Result<'T, string>) -> Codec<'T>
