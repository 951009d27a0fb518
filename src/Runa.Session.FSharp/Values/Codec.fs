namespace Runa.Session

#nowarn 3261 // System.Text.Json is annotated as if every 'T could be null

open System
open System.Text.Json
open System.Text.Json.Serialization.Metadata

[<Sealed>]
type Codec<'T>
    internal (encode: 'T -> string, decode: string -> Result<'T, string>, trusted: bool, refusal: Lazy<string | null>) =

    member internal _.Refusal: string | null = refusal.Value

    member internal _.Encode(value: 'T) : string =
        let text = encode value

        if isNull (box text) then
            raise (ArgumentException $"the codec of {typeof<'T>.Name} returned null")

        // Without white space around it every store gives back the same text.
        let text = if trusted then text else text.Trim(' ', '\t', '\r', '\n')

        match (if trusted then None else JsonText.problem text) with
        | None -> text
        | Some why -> raise (ArgumentException $"the codec of {typeof<'T>.Name} returned {why}")

    member internal _.Decode(text: string) : Result<'T, string> =
        try
            decode text
        with e ->
            Error $"{e.GetType().Name}: {e.Message}"

[<RequireQualifiedAccess>]
module Codec =
    let private ofOptions trusted (options: JsonSerializerOptions) refusal : Codec<'T> =
        // Looked up at the first use, so that making a codec never raises.
        let info =
            lazy
                // As JsonSerializer does at its first use of options that name no resolver.
                (options.MakeReadOnly(populateMissingResolver = true)
                 options.GetTypeInfo typeof<'T> :?> JsonTypeInfo<'T>)

        let refusesNull = FSharpTypes.neverNull typeof<'T>

        let decode (text: string) : Result<'T, string> =
            let value = JsonSerializer.Deserialize(text, info.Value)

            if refusesNull && isNull (box value) then
                Error $"null is not a {typeof<'T>.Name}"
            else
                Ok value

        let encode (value: 'T) = JsonSerializer.Serialize(value, info.Value)
        Codec(encode, decode, trusted, refusal)

    let json<'T> : Codec<'T> =
        let t = typeof<'T>

        // What the serializer itself writes for these needs no second look.
        let trusted = t.IsPrimitive || t = typeof<string> || t = typeof<Guid> || t = typeof<DateTimeOffset>

        ofOptions trusted JsonTypes.options (lazy JsonTypes.refusal t)

    let jsonWith (options: JsonSerializerOptions) : Codec<'T> =
        ArgumentNullException.ThrowIfNull options
        ofOptions false options (lazy null)

    let ofFunctions (encode: 'T -> string) (decode: string -> Result<'T, string>) : Codec<'T> =
        Codec(encode, decode, false, lazy null)
