namespace Runa.Session

open System
open System.Text.Json

[<Sealed>]
type SessionKey<'T>(name: string, codec: Codec<'T>) =

    // Checked at the first use: here it would surface as a TypeInitializationException of the caller's module.
    let mutable isChecked = false

    new(name: string) = SessionKey(name, Codec.json<'T>)

    member _.Name = name

    member internal _.Check() =
        if not isChecked then
            if String.IsNullOrEmpty name then
                raise (
                    ArgumentException
                        "A session key's name is empty; give it one, as in SessionKey.create<int> \"visits\"."
                )

            JsonText.checkUnicode "key" name

            match codec.Refusal with
            | null -> isChecked <- true
            | why ->
                raise (
                    NotSupportedException $"Key \"{name}\": {why}: use SessionKey.withCodec (in C#: a SessionCodec)."
                )

    member internal key.Encode(value: 'T) : string =
        key.Check()

        try
            codec.Encode value
        with
        | UnsupportedType(t, why) ->
            raise (
                NotSupportedException
                    $"Key \"{name}\": System.Text.Json cannot store {t.Name} ({why}): use SessionKey.withCodec (in C#: a SessionCodec)."
            )
        | :? JsonException as e ->
            // Promise 5: the path names keys of maps, which are values.
            let why = e.Message.Split(" Path: ")[0]
            raise (ArgumentException $"Key \"{name}\": this {typeof<'T>.Name} cannot be stored: {why}")
        | e -> raise (ArgumentException($"Key \"{name}\": this {typeof<'T>.Name} cannot be stored: {e.Message}", e))

    member internal key.Decode(text: string) : Result<'T, string> =
        key.Check()
        codec.Decode text

    override _.ToString() = $"SessionKey<{typeof<'T>.Name}> \"{name}\""

[<RequireQualifiedAccess>]
module SessionKey =
    let create<'T> (name: string) : SessionKey<'T> = SessionKey name
    let withCodec (codec: Codec<'T>) (name: string) : SessionKey<'T> = SessionKey(name, codec)
