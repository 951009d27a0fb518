namespace Runa

open System
open System.Diagnostics.CodeAnalysis
open System.Text.Json
open Runa.Session

[<Sealed>]
type SessionKey<'T>
    internal
    (name: string, codec: Codec<'T>, ownJson: JsonSerializerOptions | null, hasCodec: bool, isMadeByModule: bool) =

    // The same key under the options of an application. A process has one application, except in tests.
    let mutable other: SessionKey<'T> | null = null

    // The check waits for the first use: an exception here would become a TypeInitializationException of the caller's
    // module.
    let mutable isChecked = false

    // Promise 17: the first value is read again and compared; every value is, unless the type is known to lose nothing.
    let mutable isProven = false

    // F# creates keys by the module, C# by the constructor, so each gets the advice for its language.
    let remedy =
        if isMadeByModule then
            "use SessionKey.withCodec"
        else
            "give the key a codec made by SessionCodec"

    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    new(name: string) = SessionKey(name, Codec.json<'T>, null, false, false)

    new(name: string, codec: Codec<'T>) =
        ArgumentNullException.ThrowIfNull codec
        SessionKey(name, codec, null, true, false)

    member _.Name = name

    member private _.OwnJson = ownJson

    member private _.Made(json: JsonSerializerOptions) : SessionKey<'T> =
        let made = SessionKey(name, Codec.ofResolver json, json, true, isMadeByModule)
        other <- made
        made

    member internal key.Under(json: JsonSerializerOptions | null) : SessionKey<'T> =
        match json with
        | null -> key
        | _ when hasCodec -> key
        | json ->
            // Not by the pattern NonNull, which would allocate each time.
            match other with
            | null -> key.Made json
            | found when Object.ReferenceEquals(found.OwnJson, json) -> found
            | _ -> key.Made json

    member internal _.Check() =
        if not isChecked then
            ArgumentNullException.ThrowIfNull(name, "name")

            if name = "" then
                raise (ArgumentException "A session key's name must not be empty: choose one, such as \"visits\".")

            JsonText.checkUnicode "key" name

            match codec.Verdict with
            | Verdict.Refused why -> raise (NotSupportedException $"Key \"{name}\": {why}: {remedy}.")
            | Verdict.Foreign -> isProven <- true
            | Verdict.Proven
            | Verdict.Unproven -> ()

            isChecked <- true

    member internal key.Encode(value: 'T) : string =
        if isProven then
            match codec.TryEncode value with
            | null -> key.EncodeSlowly value
            | text -> text
        else
            key.EncodeSlowly value

    member private key.EncodeSlowly(value: 'T) : string =
        key.Check()
        let refused (why: string) = $"Key \"{name}\": this {TypeNames.display typeof<'T>} cannot be stored: {why}"

        // A message of the application's own codec needs no advice.
        let advised (why: string) =
            if codec.Verdict = Verdict.Foreign then
                refused why
            else
                refused $"{why.TrimEnd '.'}: {remedy}."

        try
            let text = codec.Encode value

            if not isProven then
                match codec.Loss(value, text) with
                | null -> isProven <- codec.Verdict.IsProven
                | why -> raise (LostValue why)

            text
        with
        | UnsupportedType(t, why) ->
            raise (NotSupportedException $"Key \"{name}\": {TypeNames.cannotStore typeof<'T> t why}: {remedy}.")
        | LostValue why -> raise (ArgumentException(advised why))
        | e when (e :? JsonException || e.Message.Contains " Path: ") ->
            // Promise 5: the path may contain keys of maps, which are values.
            raise (ArgumentException(advised (e.Message.Split(" Path: ")[0])))
        | e -> raise (ArgumentException(advised e.Message, e))

    member internal key.Decode(text: string) : Result<'T, string> =
        key.Check()
        codec.Decode text

    member internal key.Copy(value: 'T) : 'T =
        if typeof<'T>.IsValueType || typeof<'T> = typeof<string> || isNull (box value) then
            value
        else
            match key.Decode(key.Encode value) with
            | Ok copy -> copy
            | Error _ -> value

    override _.ToString() = $"SessionKey<{TypeNames.display typeof<'T>}> \"{name}\""

namespace Runa.Session

open System
open System.Diagnostics.CodeAnalysis

type SessionKey<'T> = Runa.SessionKey<'T>

[<RequireQualifiedAccess>]
module SessionKey =
    [<RequiresUnreferencedCode(Reflecting.Json); RequiresDynamicCode(Reflecting.Code)>]
    let create<'T> (name: string) : SessionKey<'T> = SessionKey(name, Codec.json<'T>, null, false, true)

    let withCodec (codec: Codec<'T>) (name: string) : SessionKey<'T> =
        ArgumentNullException.ThrowIfNull codec
        SessionKey(name, codec, null, true, true)
