namespace Runa

open Runa.Session

/// How a value becomes JSON text and back. Create one by the functions of the module Codec.
[<Sealed>]
type Codec<'T> =
    internal new:
        encode: ('T -> string) *
        decode: (string -> Result<'T, string>) *
        difference: ('T -> 'T -> string | null) *
        verdict: System.Lazy<Verdict> *
        plain: PlainCodec<'T> ->
            Codec<'T>

    /// What the codec knows about the type before it sees a value.
    member internal Verdict: Verdict

    /// The same codec with a short way for most values.
    member internal With: plain: PlainCodec<'T> -> Codec<'T>

    /// The JSON value by the short way. Null: only Encode can write it.
    member internal TryEncode: value: 'T -> string | null

    /// Returns exactly one JSON value, or raises an exception that does not contain the value.
    member internal Encode: value: 'T -> string

    /// Names the part of the value that reading the text again would lose; null: nothing is lost. The answer contains
    /// no part of the value.
    member internal Loss: value: 'T * text: string -> string | null

    /// Never raises: an exception of the decoder becomes an Error.
    member internal Decode: text: string -> Result<'T, string>

namespace Runa.Session

open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization.Metadata

/// How a value becomes JSON text and back. Create one by the functions of the module Codec.
type Codec<'T> = Runa.Codec<'T>

/// Functions that create codecs.
[<RequireQualifiedAccess>]
module Codec =
    /// System.Text.Json with the library's own options: property names as declared, fields included, strict numbers, no
    /// duplicate properties, unions without fields as strings. A missing or null field of an F# record is a decode
    /// error unless the field is an option.
    /// A type that would silently lose something raises NotSupportedException at the first use of its key: a union with
    /// fields, an option in an option, bigint, an abstract base, a class with a field that no stored property holds. A
    /// value that would not come back as it is (a Some of null, half a surrogate pair) raises ArgumentException when it
    /// is set.
    /// Setting a value reads the text again and compares: for the first value of each key, and for every value of a
    /// type that involves the application's code (a converter, or a property or constructor that computes something).
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    val json<'T> : Codec<'T>

    /// System.Text.Json with the given options, unchanged. The codec refuses nothing: what these options do not store
    /// is lost.
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    val jsonWith: options: JsonSerializerOptions -> Codec<'T>

    /// System.Text.Json with what a JsonSerializerContext knows of the type, and without reflection. Like jsonWith, it
    /// refuses nothing.
    val ofTypeInfo: typeInfo: JsonTypeInfo<'T> -> Codec<'T>

    /// Texts, as Codec.json stores them, without reflection.
    val text: Codec<string>

    /// Bytes, as Codec.json stores them (base64), without reflection.
    val bytes: Codec<byte[]>

    /// System.Text.Json with options that have a resolver and are read-only. A type that the resolver does not know is
    /// refused.
    val internal ofResolver: options: JsonSerializerOptions -> Codec<'T>

    /// Any other JSON library: an encoder to JSON text, and a decoder whose Error says what is wrong. With
    /// Thoth.Json.Net:
    /// `Codec.ofFunctions (encoder >> Encode.toString 0) (Decode.fromString decoder)`.
    /// The encoder must return exactly one JSON value; otherwise setting a value raises ArgumentException.
    val ofFunctions: encode: ('T -> string) -> decode: (string -> Result<'T, string>) -> Codec<'T>
