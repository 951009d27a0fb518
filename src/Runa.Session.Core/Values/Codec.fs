namespace Runa

open System
open Runa.Session

[<Sealed>]
type Codec<'T>
    internal
    (
        encode: 'T -> string,
        decode: string -> Result<'T, string>,
        difference: 'T -> 'T -> string | null,
        verdict: Lazy<Verdict>,
        plain: PlainCodec<'T>
    ) =

    let decodeSlowly (text: string) : Result<'T, string> =
        try
            decode text
        with e ->
            Error $"{e.GetType().Name}: {e.Message}"

    member internal _.Verdict: Verdict = verdict.Value
    member internal _.With(plain: PlainCodec<'T>) : Codec<'T> = Codec(encode, decode, difference, verdict, plain)

    member internal _.TryEncode(value: 'T) : string | null =
        match plain with
        | null -> null
        | plain -> plain.TryWrite value

    member internal _.Encode(value: 'T) : string =
        let text = encode value

        if isNull (box text) then
            raise (ArgumentException $"the codec of {TypeNames.display typeof<'T>} returned null")

        match verdict.Value with
        // The serializer writes exactly one JSON value for these types.
        | Verdict.Proven -> text
        | _ ->
            // Trimmed, so that every store gives back the same text.
            let text = text.Trim(' ', '\t', '\r', '\n')

            match JsonText.problem text with
            | None -> text
            | Some why -> raise (ArgumentException $"the codec of {TypeNames.display typeof<'T>} returned {why}")

    member internal _.Decode(text: string) : Result<'T, string> =
        match plain with
        | null -> decodeSlowly text
        | plain ->
            match plain.TryRead text with
            | ValueSome value -> Ok value
            | ValueNone -> decodeSlowly text

    member internal _.Loss(value: 'T, text: string) : string | null =
        let read =
            try
                decode text
            with e ->
                // Promise 5: the message may hold parts of the value.
                Error(e.GetType().Name)

        match read with
        | Error why -> $"its JSON text cannot be read back ({why})"
        | Ok read ->
            match difference value read with
            | null -> null
            | "" -> "it would come back different"
            | way -> $"its {way.TrimStart '.'} would come back different"

namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open System.Text.Json.Serialization
open System.Text.Json.Serialization.Metadata

type Codec<'T> = Runa.Codec<'T>

[<RequireQualifiedAccess>]
module Codec =
    let private ofInfo (info: Lazy<JsonTypeInfo<'T>>) difference verdict : Codec<'T> =
        let refusesNull = FSharpTypes.neverNull typeof<'T>

        let decode (text: string) : Result<'T, string> =
            let value = JsonSerializer.Deserialize(text, info.Value)

            if refusesNull && isNull (box value) then
                Error $"null is not a {TypeNames.display typeof<'T>}"
            else
                Ok value

        let encode (value: 'T) =
            if refusesNull && isNull (box value) then
                raise (ArgumentException $"null is not a {TypeNames.display typeof<'T>}")

            JsonSerializer.Serialize(value, info.Value)

        Codec(encode, decode, difference, verdict, null)

    /// JsonSerializer does the same at its first use of options without a resolver.
    [<UnconditionalSuppressMessage("Trimming", "IL2026", Justification = FSharpTypes.Marked)>]
    [<UnconditionalSuppressMessage("AOT", "IL3050", Justification = FSharpTypes.Marked)>]
    let private reflected<'T> (options: JsonSerializerOptions) : JsonTypeInfo<'T> =
        options.MakeReadOnly(populateMissingResolver = true)
        options.GetTypeInfo typeof<'T> :?> JsonTypeInfo<'T>

    // Looked up at the first use, so that creating a codec never raises.
    let private ofOptions (options: JsonSerializerOptions) difference verdict : Codec<'T> =
        ofInfo (lazy reflected<'T> options) difference verdict

    let private noDifference (_: 'T) (_: 'T) : string | null = null

    let private ofSerializer<'T> () : Codec<'T> =
        let difference (stored: 'T) (read: 'T) = JsonSame.difference JsonTypes.options (box stored) (box read)

        ofOptions JsonTypes.options difference (lazy JsonTypes.verdict typeof<'T>)

    // What the framework knows without reflection.
    let private plain =
        JsonSerializerOptions(Encoder = JsonText.encoder, TypeInfoResolver = JsonTypeInfoResolver.Combine())

    let private ofConverter (converter: JsonConverter) : Codec<'T> =
        ofInfo (lazy JsonMetadataServices.CreateValueInfo<'T>(plain, converter)) noDifference (lazy Verdict.Proven)

    let text = (ofConverter JsonStrings.text).With JsonPlain.texts
    let bytes: Codec<byte[]> = ofConverter JsonMetadataServices.ByteArrayConverter
    let private int32s = ofSerializer<int>().With JsonPlain.int32s
    let private int64s = ofSerializer<int64>().With JsonPlain.int64s
    let private bools = ofSerializer<bool>().With JsonPlain.bools

    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    let json<'T> : Codec<'T> =
        let quick: obj | null =
            if typeof<'T> = typeof<string> then box text
            elif typeof<'T> = typeof<byte[]> then box bytes
            elif typeof<'T> = typeof<int> then box int32s
            elif typeof<'T> = typeof<int64> then box int64s
            elif typeof<'T> = typeof<bool> then box bools
            else null

        match quick with
        | :? Codec<'T> as codec -> codec
        | _ -> ofSerializer<'T>()

    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    let jsonWith (options: JsonSerializerOptions) : Codec<'T> =
        ArgumentNullException.ThrowIfNull options
        ofOptions options noDifference (lazy Verdict.Foreign)

    let ofTypeInfo (typeInfo: JsonTypeInfo<'T>) : Codec<'T> =
        ArgumentNullException.ThrowIfNull typeInfo
        ofInfo (lazy typeInfo) noDifference (lazy Verdict.Foreign)

    let ofFunctions (encode: 'T -> string) (decode: string -> Result<'T, string>) : Codec<'T> =
        Codec(encode, decode, noDifference, lazy Verdict.Foreign, null)

    let ofResolver (options: JsonSerializerOptions) : Codec<'T> =
        let verdict =
            lazy
                (match options.TryGetTypeInfo typeof<'T> with
                 | true, _ -> Verdict.Foreign
                 | _ ->
                     Verdict.Refused
                         $"the application's JSON options do not know {TypeNames.display typeof<'T>} (their JsonSerializerContext lacks it)")

        ofInfo (lazy (options.GetTypeInfo typeof<'T> :?> JsonTypeInfo<'T>)) noDifference verdict
