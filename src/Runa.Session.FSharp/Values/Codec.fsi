namespace Runa.Session

open System.Text.Json

/// How a value becomes JSON text and back. Made by the functions of the module Codec.
[<Sealed>]
type Codec<'T> =
    internal new:
        encode: ('T -> string) *
        decode: (string -> Result<'T, string>) *
        trusted: bool *
        refusal: System.Lazy<string | null> ->
            Codec<'T>

    /// Why this codec cannot hold its type at all, or null.
    member internal Refusal: string | null

    /// Exactly one JSON value, or an exception that does not contain it.
    member internal Encode: value: 'T -> string

    /// Never raises: what the decoder throws is an Error.
    member internal Decode: text: string -> Result<'T, string>

/// Makes codecs.
[<RequireQualifiedAccess>]
module Codec =
    /// System.Text.Json with options of the library's own: property names as declared, fields included, strict numbers, no
    /// duplicate properties, F# records complete (a missing or null field that is not an option is a decode error),
    /// unions without fields as strings. A type that would silently lose something (a union with fields, an option in an
    /// option, bigint, an abstract base) raises NotSupportedException at the first use of its key.
    val json<'T> : Codec<'T>

    /// System.Text.Json with the options given, unchanged. Nothing is refused: what they lose is lost.
    val jsonWith: options: JsonSerializerOptions -> Codec<'T>

    /// Any other library: an encoder to JSON text, and a decoder whose Error says what is wrong. With Thoth.Json.Net:
    /// `Codec.ofFunctions (encoder >> Encode.toString 0) (Decode.fromString decoder)`.
    /// The encoder's text must be exactly one JSON value, or setting it raises ArgumentException.
    val ofFunctions: encode: ('T -> string) -> decode: (string -> Result<'T, string>) -> Codec<'T>
